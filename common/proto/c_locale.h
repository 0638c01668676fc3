/* c_locale.h - JSON knows one decimal point, whatever locale the program around us has set. Per thread; glibc allocates
 * nothing for the C locale.
 *
 *     struct c_locale locale = c_locale_enter();
 *     ... strtod, snprintf ...
 *     c_locale_leave(locale); */
#ifndef SKEP_C_LOCALE_H
#define SKEP_C_LOCALE_H

#include <locale.h>

struct c_locale {
    locale_t own, before;
};

static inline struct c_locale c_locale_enter(void)
{
    struct c_locale locale;
    locale.own = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale.before = uselocale(locale.own);
    return locale;
}

static inline void c_locale_leave(struct c_locale locale)
{
    uselocale(locale.before);
    freelocale(locale.own);
}

#endif
