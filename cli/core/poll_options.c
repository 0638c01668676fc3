#include "poll_options.h"

#include <stdlib.h>

/* Digits and one point: strtod alone would take 0x, inf and blanks as well. */
enum err poll_multiplier_parse(const char *text, double *ret, struct errbuf *e)
{
    char *end;
    double value = strtod(text, &end);
    if (strspn(text, "0123456789.") != strlen(text) || *end || end == text || !(value >= 1 && value <= 100))
        return err_set(e, ERR_RANGE, "--multiplier %s: must be a number from 1 to 100, e.g. 1.5", text);
    *ret = value;
    return OK;
}

enum err poll_jitter_parse(const char *text, unsigned *ret, struct errbuf *e)
{
    struct text number = text_of(text);
    int64_t value;
    if (number.len > 0 && number.at[number.len - 1] == '%')
        number.len--;
    if (text_to_int(number, &value) != OK || value < 0 || value > 100)
        return err_set(e, ERR_RANGE, "--jitter %s: must be 0%% to 100%%", text);
    *ret = (unsigned)value;
    return OK;
}
