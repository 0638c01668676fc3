#include "entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum err entropy_read(void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = getrandom((char *)bytes + done, len - done, 0);
        if (got < 0 && errno != EINTR)
            return ERR_IO;
        if (got > 0)
            done += (size_t)got;
    }
    return OK;
}

void entropy_need(void *bytes, size_t len)
{
    if (entropy_read(bytes, len) != OK)
        abort();
}
