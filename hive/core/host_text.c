#include "host_text.h"

#include "msg.h"

#define KIB 1024

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
