#include "inquiry.h"

#include <utlist.h>

void inquiry_add(struct inquiry *inquiry, struct inquiry_wait *wait, struct record *record)
{
    inquiry_remove(wait);
    wait->of = inquiry;
    wait->record = record;
    wait->question = inquiry->sent + 1;
    DL_APPEND(inquiry->waits, wait);
}

void inquiry_remove(struct inquiry_wait *wait)
{
    if (wait->of)
        DL_DELETE(wait->of->waits, wait);
    wait->of = NULL;
}

bool inquiry_wants_question(const struct inquiry *inquiry)
{
    return inquiry->waits && inquiry->waits->prev->question > inquiry->sent; /* the last one's */
}

void inquiry_answer(struct inquiry *inquiry)
{
    inquiry->answered = inquiry->sent;
}

void inquiry_end(struct inquiry *inquiry)
{
    inquiry->answered = ++inquiry->sent;
}

struct record *inquiry_take(struct inquiry *inquiry)
{
    struct inquiry_wait *first = inquiry->waits;
    if (!first || first->question > inquiry->answered)
        return NULL;
    inquiry_remove(first);
    return first->record;
}
