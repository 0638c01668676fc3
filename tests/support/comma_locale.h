/* comma_locale.h - a locale whose decimal point is a comma, on whatever machine: it is made. */
#ifndef TEST_COMMA_LOCALE_H
#define TEST_COMMA_LOCALE_H

/* The numbers of the process are those of it from now on, and of the C locale again. */
void comma_locale_begin(void);
void comma_locale_end(void);

#endif
