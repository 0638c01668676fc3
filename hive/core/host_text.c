#include "host_text.h"

#include <math.h>

#include "msg.h"

#define KIB 1024

/* "0.52": two whole numbers, without the locale that strtod looks at. */
double host_load1(struct text loadavg)
{
    struct text fraction = text_split(&loadavg, ' ');
    struct text whole = text_split(&fraction, '.');
    int64_t units, hundredths;
    if (text_to_int(whole, &units) != OK || fraction.len != 2 || text_to_int(fraction, &hundredths) != OK ||
        units < 0 || hundredths < 0)
        return NAN;
    return (double)units + (double)hundredths / 100;
}

/* "MemTotal:       16303140 kB" */
int64_t host_memory(struct text meminfo, const char *row)
{
    while (meminfo.at) {
        struct text rest = text_split(&meminfo, '\n');
        int64_t amount;
        if (!text_is(text_split(&rest, ':'), row))
            continue;
        while (rest.len > 0 && rest.at[0] == ' ')
            rest = (struct text){ rest.at + 1, rest.len - 1 };
        if (text_to_int(text_split(&rest, ' '), &amount) != OK || amount < 0 || amount > INT64_MAX / KIB ||
            !text_is(rest, "kB"))
            return INT_ABSENT;
        return amount * KIB;
    }
    return INT_ABSENT;
}
