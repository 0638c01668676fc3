/* inquiry.h - R10: which lost workers of a hive wait until it has answered. Pure.
 *
 * Questions to the hive have numbers, and one at a time is out (hive_inquiry.h). A loss waits for the next one that is
 * sent: whatever was sent before says nothing of it. */
#ifndef SKEP_INQUIRY_H
#define SKEP_INQUIRY_H

#include "base.h"

struct record;

/* A loss that waits; embedded, zero-initialised. */
struct inquiry_wait {
    struct inquiry_wait *prev, *next; /* utlist */
    struct inquiry *of;               /* NULL = it does not wait */
    struct record *record;            /* whose loss it is */
    uint32_t question;
};

/* Of one hive; zero-initialised nobody waits. */
struct inquiry {
    struct inquiry_wait *waits; /* in the order of their questions; utlist */
    uint32_t sent, answered;    /* the last question that was, by number; 0 = none */
};

/* Waits for the next question from now on, whatever it waited for before. */
void inquiry_add(struct inquiry *inquiry, struct inquiry_wait *wait, struct record *record);

/* It waits no more; one that does not wait is fine. */
void inquiry_remove(struct inquiry_wait *wait);

/* Somebody waits for a question that was not sent yet. */
bool inquiry_wants_question(const struct inquiry *inquiry);

/* The wait is over: of those whose question was sent; of everybody. inquiry_take hands them out. */
void inquiry_answer(struct inquiry *inquiry);
void inquiry_end(struct inquiry *inquiry);

/* The next one whose wait is over: it waits no more. NULL: there is none. */
struct record *inquiry_take(struct inquiry *inquiry);

#endif
