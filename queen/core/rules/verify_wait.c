#include "verify_wait.h"

#include <stdlib.h>
#include <utlist.h>

#include "verify.h"

/* In one list, oldest first: it is short, and so they are due in its order. */
struct verify_wait {
    struct verify_wait *prev, *next;
    const struct record *record;
    ms_t until; /* monotonic */
    struct asker asker;
};

bool verify_wait_has_room(const struct queen *queen, const struct record *record, const struct asker *asker)
{
    const struct verify_wait *wait;
    size_t of_worker = 0, of_asker = 0;
    DL_FOREACH(queen->verifying.waits, wait)
    {
        of_worker += wait->record == record;
        of_asker += strcmp(wait->asker.topic, asker->topic) == 0;
    }
    return of_worker < VERIFY_WAIT_PER_WORKER && of_asker < VERIFY_WAIT_PER_ASKER &&
           queen->verifying.wait_count < VERIFY_WAIT_MAX;
}

bool verify_wait_add(struct queen *queen, const struct record *record, const struct asker *asker)
{
    struct verify_wait *wait = calloc(1, sizeof *wait);
    if (!wait)
        return false;
    wait->record = record;
    wait->until = queen->now + queen->options.verify_timeout + VERIFY_WAIT_EXTRA_MS;
    wait->asker = *asker;
    DL_APPEND(queen->verifying.waits, wait);
    queen->verifying.wait_count++;
    return true;
}

static void drop(struct queen *queen, struct verify_wait *wait)
{
    DL_DELETE(queen->verifying.waits, wait);
    queen->verifying.wait_count--;
    free(wait);
}

void verify_wait_over(struct queen *queen, const struct record *record, const struct verified *verified)
{
    struct verify_wait *wait, *after;
    auto_clear(buf) result = BUF_INIT;
    struct json_write w = json_write_to(&result);
    if (verified)
        verified_write(record, verified, &w);
    DL_FOREACH_SAFE(queen->verifying.waits, wait, after)
    {
        if (wait->record != record)
            continue;
        if (verified)
            reply_result(&wait->asker, &result, queen->out);
        else
            reply_error(&wait->asker, queen->out, REQUEST_NOT_FOUND, "the worker was forgotten meanwhile");
        drop(queen, wait);
    }
}

void verify_wait_expire(struct queen *queen)
{
    struct verify_wait *wait;
    while ((wait = queen->verifying.waits) && wait->until <= queen->now) {
        reply_error(&wait->asker, queen->out, REQUEST_NOT_READY, VERIFY_NOT_READY);
        drop(queen, wait);
    }
}

ms_t verify_wait_deadline(const struct queen *queen)
{
    return queen->verifying.waits ? queen->verifying.waits->until : MS_NEVER;
}

void verify_wait_clear(struct queen *queen)
{
    while (queen->verifying.waits)
        drop(queen, queen->verifying.waits);
}
