/* referee.h - knows how the fleet really is, and holds the queen's verdicts against it.
 *
 * A worker is fit while its process runs, its path is whole and its link is up, and those of the bridge before it; a
 * hive when it has its id, besides. What
 * must hold whatever happens: event ids strictly increase; each event starts where the last one of its worker ended;
 * its change is a legal one; nobody becomes stale by silence whom the queen could have heard for less than its lease
 * and grace (reception.h), nor who was fit, and whose next beat had time to reach her on her present link; nobody
 * becomes stale by will, or because nobody subscribes, who was away for less than the confirmation wait, or is back for
 * longer than a confirmation takes, before an undisturbed queen; nobody becomes stale because nobody subscribes who was
 * not heard on the queen's present link, within one grace of it; nobody becomes a zombie whose work loop has not hung
 * for so long that nothing said of it then still counts; nobody comes back whose process is long gone; nobody becomes
 * unreachable whose hive is not down, and a hive goes down as a worker becomes stale; the retained verdict is that of
 * the last event; and once the world has been quiet for long enough: who is fit is online (or a hive: ready), or a
 * zombie if its work loop hangs, and who is gone is neither.
 */
#ifndef SIM_REFEREE_H
#define SIM_REFEREE_H

#include "reception.h"
#include "topic.h"

#include <uthash.h>

struct tracked {
    char path[ADDRESS_SIZE]; /* HIVE/WORKER, a hive's is HIVE/ */
    const char *name;        /* in messages */
    bool is_hive;
    const struct node *node;
    ms_t fit_since; /* MS_NEVER = it is not */
    ms_t lost_at;   /* when it was last fit for more than a moment */
    ms_t ran_at;    /* when its process last ran */
    ms_t hung_at;   /* when its work loop last hung with something in flight, on the clock of receptions; MS_NEVER */
    uint64_t asked; /* hash of the correlation of the latest request to verify it; 0 = none */
    struct reception reception;
    char announced[32]; /* by the present process of the queen, or as it has read back; "" = nothing yet */
    uint64_t event_id;
    UT_hash_handle hh;
};

struct referee {
    struct world *world;
    const char *queen;            /* whose verdicts it judges; borrowed */
    struct tracked *tracked;      /* uthash by path, in the order in which they were first seen */
    const struct node *last_node; /* the nodes up to it were looked at */
    ms_t queen_fit_since;
    ms_t queen_linked_since; /* MS_NEVER = she is not; pauses and cuts do not count */
    struct reception_clock clock;
    ms_t lossy_at;       /* when packets were last lost: what was sent then may be late; MS_NEVER */
    ms_t granted_before; /* by what that process had stored */
    ms_t granted;        /* so much of the grace had passed before the present process of the queen was live */
    bool was_live;       /* ... which it has been */
    uint64_t last_event;
    unsigned events;
    ms_t turned_at, lived;   /* so long processes of workers ran, all together */
    struct errbuf violation; /* the first one; "" = none */
};

/* Watches the world, which has nobody yet, from now on, for one of its queens. */
void referee_init(struct referee *referee, struct world *world, const char *queen);
void referee_clear(struct referee *referee);

/* A process of the queen ended: the next one starts from what it has stored, and the verdicts that it reads back. */
void referee_forget_queen(struct referee *referee);

/* At the end of a time that was quiet for the tracked. */
void referee_judge(struct referee *referee, struct node *queen, const struct tracked *tracked);

#endif
