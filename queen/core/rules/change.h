/* change.h - the one setter of a worker's or hive's state, and what the world is told of it (R18).
 *
 * An announced change makes exactly one event and one retained verdict. A silent one makes neither: HTTP and `skep`
 * show it, the verdict topic goes on saying what was announced last. */
#ifndef SKEP_CHANGE_H
#define SKEP_CHANGE_H

#include "queen_state.h"

/* The evidence of a change that was seen just now and due just now, with how long ago the worker was last heard. */
struct evidence evidence_now(const struct queen *queen, const struct record *record, enum evidence_path path,
                             enum evidence_result result);

/* How the process ended is part of the evidence. */
void evidence_set_exit(struct evidence *evidence, const struct exit_info *exit);

/* A record of whom nothing is known yet: the errors of registry_add. */
enum err change_begin(struct queen *queen, struct text hive, struct text worker, struct record **ret);

/* The record is in `state` now. The same state again: nothing happens (see change_revise). Announces the change unless
 * it is back to what was announced last. */
void change_state(struct queen *queen, struct record *record, enum state state, enum cause cause,
                  struct evidence evidence);

/* The same without announcing. */
void change_silently(struct queen *queen, struct record *record, enum state state, enum cause cause,
                     struct evidence evidence);

/* What a record says of its worker now; and back to it, as if nothing had been. The latter for records whose state was
 * entered silently only. */
struct standing {
    enum state state;
    enum cause cause;
    ms_t since_wall, since_mono;
    struct evidence evidence;
    bool silent;
};
struct standing change_snapshot(const struct record *record);
void change_restore(struct queen *queen, struct record *record, const struct standing *standing);

/* Announces a state that was entered silently. Like every announcement perhaps not at once (announcing.h). */
void change_announce(struct queen *queen, struct record *record);

/* Announces what is owed of the record, whose turn it is: perhaps nothing by now. */
void change_announce_owed(struct queen *queen, struct record *record);

/* Flags whose time is over are taken out of the verdict, when that is due: at a monotonic time; MS_NEVER = none. */
ms_t change_flags_end(const struct record *record);
void change_end_flags(struct queen *queen, struct record *record);

/* Later evidence for a verdict that stands: the same event id, a higher revision, no event. NULL evidence: only flags
 * changed. */
void change_revise(struct queen *queen, struct record *record, enum cause cause, const struct evidence *evidence);

/* The verdict that stands, if there is one, for a broker that lost it: the same event id and revision. */
void change_write_again(struct queen *queen, struct record *record);

/* The record is forgotten, or evicted: it has no state from now on. Then that is announced: one event (none if it is
 * silent), and the retained verdict is cleared. */
void change_end(struct queen *queen, struct record *record, enum evidence_result result);
void change_announce_end(struct queen *queen, struct record *record);

/* A new record takes the place of one whose end was not announced yet: what was announced last still stands. */
void change_inherit(struct record *record, const struct record *ended);

/* At QoS 1, on a topic of the fleet's; an empty payload clears it. */
void change_publish(struct queen *queen, const struct topic *topic, struct text payload, bool retain);

/* Publishes, keeps and hands out an event document of any kind; and only publishes it. */
void change_publish_event(struct queen *queen, const struct event *event);
void change_send_event(struct queen *queen, const struct event *event);

/* One of the whole fleet, with what it counts. Its id. */
struct fleet_count {
    const char *name;
    uint64_t count;
};
uint64_t change_publish_fleet(struct queen *queen, const char *what, const struct fleet_count *counts, size_t len);

/* It gave a live sign of life now: its lease starts anew. */
void change_received(struct queen *queen, struct record *record, bool over_http);

/* Known from what is stored: its lease starts at that age, or when it was heard last if it stands as it was, and ends
 * not before one grace after the first snapshot that showed it; watch time stands still until that snapshot is read. */
void change_lease_from(struct queen *queen, struct record *record, ms_t age);

#endif
