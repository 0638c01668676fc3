/* announcing.h - the ration of announced changes: so that what one hive or worker changes crowds out nothing of others.
 *
 * A change that is not announced at once is *owed*: when its turn comes the state of that moment is announced, if it
 * still is another one than was announced last, with how many changes it sums up. The truth comes late, but it comes.
 * Owed is what
 *
 * - comes from a worker of which five were announced within RATION_REST_MS;
 * - has no token of its hive's buckets: one is of those who are established, the other of all;
 * - the broker is too slow for: then every other turn is that of the worst news, the kinds of news below share the
 *   rest, and within each of them hives take turns: who has a flood of deaths delays what others have to say, and no
 *   more.
 *
 * Worse news waits for the broker only where better news was announced before, for that has paid: so a death, or that
 * of a whole fleet, is announced at once, and yet nothing changes without end. */
#ifndef SKEP_ANNOUNCING_H
#define SKEP_ANNOUNCING_H

#include "fair_queue.h"
#include "record.h"
#include "share.h"

/* What a change is to those who are told, the worst first: worse, and paid for (no token is needed); the same, said by
 * itself, or later evidence, or the end of who is forgotten; all else of who is established; of who is not. */
enum news { NEWS_LOSS, NEWS_BYE, NEWS_SURE, NEWS_YOUNG_LOSS, NEWS_YOUNG_BYE, NEWS_YOUNG_BETTER, NEWS_COUNT };

/* Events, and with them as many verdicts, that may wait for the broker: so that there is always one to send, and what
 * comes next waits a few 10 ms. */
#define ANNOUNCING_UNSENT 50

/* Zero-initialise it, but for `next` and `unsent_max`. */
struct announcing {
    struct fair_queue owed[NEWS_COUNT]; /* by hive */
    struct heap resting;                /* owed by those that change too often, until monotonic time */
    ms_t next;                          /* monotonic: when to look again; MS_NEVER */

    unsigned unsent_max; /* ANNOUNCING_UNSENT */
    bool was_full;       /* since nothing was owed that there was room for */
    unsigned turns;      /* taken while it was */
    ms_t state_at;       /* monotonic: the next retained message that needs no room */

    /* The last hive that was out of tokens, which may have gone by now; "" = never. Until when that is worth a warning.
     */
    char rationed_hive[NAME_SIZE];
    ms_t rationed_until;

    /* Of the step at hand. */
    ms_t now;
    bool linked;                  /* to the broker: else some are kept for the next link, and the rest is owed */
    bool held;                    /* nothing is announced yet: all is owed */
    size_t unsent, unsent_states; /* events, and retained messages, that wait for the broker, as far as is known */
};

/* Whether what the record has to say may be announced now, which is counted. False: it is owed, and comes out of
 * announce_next; nothing changes if it is owed already. Not owed even so: nothing is announced yet, and there is no
 * memory. */
bool announce_now(struct announcing *announcing, struct record *record);

/* The last word on a record that is forgotten: whether it may be announced now, with the clears of its topics, which is
 * counted. The record is silent if only those are due: nothing was announced of it, it is not established, and there is
 * no token. */
bool announce_end(struct announcing *announcing, struct record *record);

/* It is owed, and comes out of announce_next. ERR_NOMEM. */
enum err announce_end_later(struct announcing *announcing, struct record *record);

/* Nothing is owed of it any more. */
void announce_withdraw(struct announcing *announcing, struct record *record);

/* The next one whose turn it is, withdrawn and counted; what it has to say may be nothing by now. NULL: none at
 * present. */
struct record *announce_next(struct announcing *announcing);

/* Whether there is room for an event of the fleet, and a link. */
bool announce_has_event_room(const struct announcing *announcing);

/* Whether a retained message that no event goes with may be sent, which is counted. */
bool announce_state(struct announcing *announcing);

/* How many are owed. */
size_t announce_count(const struct announcing *announcing);

void announce_clear(struct announcing *announcing);

#endif
