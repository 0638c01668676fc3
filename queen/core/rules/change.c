#include "change.h"

#include <stdio.h>

#include "state.h"
#include "verdict_write.h"

struct evidence evidence_now(const struct queen *queen, const struct record *record, enum evidence_path path,
                             enum evidence_result result)
{
    return (struct evidence){
        .path = (uint8_t)path,
        .result = (uint8_t)result,
        .code = -1,
        .oom = -1,
        .seen_at = queen->wall,
        .last_seen_ago = record->received_mono == MS_NEVER
                             ? EVIDENCE_NEVER
                             : (uint32_t)ms_min(queen->now - record->received_mono, EVIDENCE_AGO_MAX),
    };
}

void evidence_set_exit(struct evidence *evidence, const struct exit_info *exit)
{
    evidence->has_exit = exit->known;
    evidence->code = exit->code == INT_ABSENT ? -1 : (int16_t)exit->code;
    evidence->oom = exit->oom;
    if (exit->signal)
        text_to_printable(text_of(exit->signal), evidence->signal, sizeof evidence->signal);
}

/* That the clears and verdicts of one hive do not hold up another's. */
static unsigned party_of(struct text hive)
{
    return hive.len > 0 ? keyed_hash(hive.at, hive.len) : 0;
}

/* `event`: its id, if it is one, or of the one before it (wire.h). */
static void publish(struct queen *queen, const struct topic *topic, struct text payload, bool retain, uint64_t event)
{
    char text[TOPIC_SIZE];
    if (topic_build(queen->options.root, topic, text) != OK) /* the ids are valid and the root is checked: it fits */
        return;
    outbox_publish(queen->out,
                   &(struct publish){ .topic = text,
                                      .payload = payload,
                                      .qos = 1,
                                      .retain = retain,
                                      .party = party_of(topic->hive),
                                      .event = event,
                                      .token = event && !retain ? (uint64_t)TOKEN_EVENT << TOKEN_KIND_SHIFT | event : 0,
                                      .content_type = payload.len ? "application/json" : NULL });
}

void change_publish(struct queen *queen, const struct topic *topic, struct text payload, bool retain)
{
    publish(queen, topic, payload, retain, 0);
}

static void publish_verdict(struct queen *queen, struct record *record, struct text payload)
{
    struct topic topic = { .kind = record_is_hive(record) ? TOPIC_HIVE_VERDICT : TOPIC_VERDICT,
                           .queen = text_of(queen->options.id),
                           .hive = text_of(record_hive(record)),
                           .worker = text_of(record_worker(record)) };
    publish(queen, &topic, payload, true, record->event_id);
    record->written = queen_link_number(queen);
}

void change_send_event(struct queen *queen, const struct event *event)
{
    struct topic topic = { .kind = TOPIC_EVENT, .queen = text_of(queen->options.id) };
    publish(queen, &topic, event->json, false, event->id);
}

void change_publish_event(struct queen *queen, const struct event *event)
{
    if (event_ring_add(&queen->events, event) != OK)
        queen->out->failed = true; /* else the command and those who follow would miss it: nothing more goes out */
    change_send_event(queen, event);
    queen->counters.events++;
}

uint64_t change_publish_fleet(struct queen *queen, const char *what, const struct fleet_count *counts, size_t len)
{
    struct json_write w = json_write_to(&queen->scratch);
    uint64_t id = queen->next_event++;
    buf_reset(&queen->scratch);
    json_open(&w, '{');
    json_add_str(&w, "fleet", what);
    for (size_t i = 0; i < len; i++)
        json_add_int(&w, counts[i].name, (int64_t)counts[i].count);
    json_add_time(&w, "since", queen->wall);
    json_add_int(&w, "event_id", (int64_t)id);
    json_add_str(&w, "queen_id", queen->options.id);
    json_close(&w, '}');
    if (!buf_ok(&queen->scratch))
        queen->out->failed = true;
    change_publish_event(queen, &(struct event){ id, "", buf_text(&queen->scratch), what, 0 });
    queen->announcing.unsent++;
    return id;
}

/* `h1/w1 online -> stale (last_will)`, `hive/h1 ready -> down (last_will)` */
static void publish_change(struct queen *queen, const struct record *record, struct text document)
{
    bool is_hive = record_is_hive(record);
    char line[3 * NAME_SIZE + 64];
    queen->counters.transitions[is_hive][record->cause]++;
    snprintf(line, sizeof line, "%s/%s %s -> %s (%s)", is_hive ? "hive" : record_hive(record),
             is_hive ? record_hive(record) : record_worker(record), record_state_name(record, record->previous),
             record->announced == STATE_NONE ? "forgotten" : record_state_name(record, record->announced),
             cause_name(record->cause));
    change_publish_event(queen, &(struct event){ record->event_id, record_hive(record), document, line, 0 });
}

/* The verdict as it stands, written into the queen's scratch buffer. */
static struct text verdict_text(struct queen *queen, const struct record *record)
{
    struct json_write w = json_write_to(&queen->scratch);
    buf_reset(&queen->scratch);
    verdict_write(record, queen->options.id, queen->now, &w);
    if (!buf_ok(&queen->scratch))
        queen->out->failed = true;
    return buf_text(&queen->scratch);
}

enum err change_begin(struct queen *queen, struct text hive, struct text worker, struct record **ret)
{
    struct record *record;
    enum err err = registry_add(&queen->registry, hive, worker, &record);
    if (err != OK)
        return err;
    if (record_is_hive(record) && (err = hive_watch_add(&queen->hives, record, queen->registry.hive_count)) != OK) {
        registry_remove(&queen->registry, record);
        return err;
    }
    *ret = record;
    return OK;
}

static void enter(struct queen *queen, struct record *record, enum state state)
{
    registry_set_state(&queen->registry, record, state);
    roll_mark(&queen->registry.roll, record);
    if (state != STATE_UNVERIFIED && state != STATE_SUSPECT)
        record->was_zombie = false;
    if (state != STATE_SUSPECT)
        storm_watch_uncount(&queen->storm.watch, &queen->registry.shares, record_lost_in(record), record,
                            queen->watch.time);
    registry_touch(&queen->registry, record);
    if (record_is_hive(record))
        hive_watch_changed(&queen->hives, record, &queen->watch);
}

/* A transition that is not in the table is a fault of the rules: it does not happen, and is not passed over. */
static bool may_become(struct queen *queen, const struct record *record, enum state state, enum cause cause)
{
    bool is_hive = record_is_hive(record);
    if (state_may_follow(is_hive, record->state, state))
        return true;
    queen->counters.refused_transitions++;
    outbox_notice(queen->out, "refused an illegal transition of %s/%s: %s -> %s (%s)",
                  is_hive ? "hive" : record_hive(record), is_hive ? record_hive(record) : record_worker(record),
                  state_name(record->state), state_name(state), cause_name(cause));
    return false;
}

static void stand(struct queen *queen, struct record *record, const struct standing *standing)
{
    enter(queen, record, standing->state);
    record->cause = (uint8_t)standing->cause;
    record->since_wall = standing->since_wall;
    record->since_mono = standing->since_mono;
    record->evidence = standing->evidence;
    record->silent = standing->silent;
}

/* Without memory it would be missing: the next process has it from the verdict. */
static void note_incident(struct queen *queen, const struct record *record)
{
    queen->out->failed |= incident_announced(&queen->incidents, record) != OK;
}

/* The document is that of the record as it stands: of one that is owed, with how many changes it sums up. */
static void announce_as_it_stands(struct queen *queen, struct record *record)
{
    struct text document;
    record->previous = record->announced;
    record->announced = record->state;
    record->announced_cause = record->cause;
    record->event_id = queen->next_event++;
    record->revision = 1;
    if (record_is_hive(record)) /* its being down is the incident */
        record->incident = record->event_id;
    record_count_change(record, queen->now);
    document = verdict_text(queen, record);
    publish_change(queen, record, document); /* first: a verdict without its event would be taken for announced (R17) */
    publish_verdict(queen, record, document);
    record->unannounced = 0;
    record->revising = false;
    roll_mark(&queen->registry.roll, record);
    note_incident(queen, record);
}

/* The incident of a worker is the event of its hive's being down: that goes first. */
static void announce(struct queen *queen, struct record *record)
{
    struct record *hive = record->state == STATE_UNREACHABLE ? registry_hive_of(&queen->registry, record) : NULL;
    if (hive && hive->state == STATE_STALE) {
        if (hive->announced != STATE_STALE) {
            announce_withdraw(&queen->announcing, hive);
            announce_as_it_stands(queen, hive);
        }
        record->incident = hive->incident;
    }
    announce_as_it_stands(queen, record);
}

/* Where it has to wait it is one of those that are written again (restore.h). */
static void revise(struct queen *queen, struct record *record)
{
    record->revising = false;
    record->revision++;
    roll_mark(&queen->registry.roll, record);
    if (queen_has_unacked(queen))
        record->written = 0;
    else
        publish_verdict(queen, record, verdict_text(queen, record));
}

/* False: it is owed. What cannot be is lost for good, so the next process has to find it out; a row that is being
 * restored, outside of all steps, is as good as none. */
static bool may_announce(struct queen *queen, struct record *record)
{
    bool may = announce_now(&queen->announcing, record);
    if (!may && !record->owed && queen->out)
        queen->out->failed = true;
    return may;
}

void change_announce(struct queen *queen, struct record *record)
{
    record->silent = false;
    if (record->announced != record->state && may_announce(queen, record))
        announce(queen, record);
}

void change_announce_owed(struct queen *queen, struct record *record)
{
    if (record->announced != record->state && !record->silent)
        announce(queen, record);
    else if (record->announced == record->state && record->revising)
        revise(queen, record);
}

void change_restore(struct queen *queen, struct record *record, const struct standing *standing)
{
    stand(queen, record, standing);
    if (!record->silent && record->unannounced > 0 && record->announced != record->state)
        change_announce(queen, record); /* it was owed before */
}

void change_state(struct queen *queen, struct record *record, enum state state, enum cause cause,
                  struct evidence evidence)
{
    if (record->state != state) {
        if (!may_become(queen, record, state, cause))
            return;
        stand(queen, record, &(struct standing){ state, cause, queen->wall, queen->now, evidence, false });
        record->unannounced++;
    }
    if (record->announced != state)
        change_announce(queen, record);
    else
        record->cause = record->announced_cause;
    if (record->announced == state && !record->owed)
        record->unannounced = 0;
}

void change_silently(struct queen *queen, struct record *record, enum state state, enum cause cause,
                     struct evidence evidence)
{
    if (record->state != state && may_become(queen, record, state, cause))
        stand(queen, record, &(struct standing){ state, cause, queen->wall, queen->now, evidence, true });
}

struct standing change_snapshot(const struct record *record)
{
    return (struct standing){ record->state,      record->cause,    record->since_wall,
                              record->since_mono, record->evidence, record->silent };
}

void change_revise(struct queen *queen, struct record *record, enum cause cause, const struct evidence *evidence)
{
    if (evidence) {
        record->cause = record->announced_cause = (uint8_t)cause;
        record->evidence = *evidence;
    }
    if (record->announced == STATE_NONE || record->announced != record->state)
        return;
    if (evidence)
        note_incident(queen, record);
    record->revising = true;
    if (may_announce(queen, record))
        revise(queen, record);
}

/* Of one that is suspect silently what was announced stays; it is looked at again when it is back. */
ms_t change_flags_end(const struct record *record)
{
    return record->silent ? MS_NEVER : record_flags_end(record);
}

void change_end_flags(struct queen *queen, struct record *record)
{
    if (!record->silent && record_end_flags(record, queen->now))
        change_revise(queen, record, record->cause, NULL);
}

void change_write_again(struct queen *queen, struct record *record)
{
    if (record->announced != STATE_NONE)
        publish_verdict(queen, record, verdict_text(queen, record));
}

void change_end(struct queen *queen, struct record *record, enum evidence_result result)
{
    record->evidence = evidence_now(queen, record, PATH_NONE, result);
    record->cause = CAUSE_FORGOTTEN;
    record->since_wall = queen->wall;
    enter(queen, record, STATE_NONE);
}

void change_announce_end(struct queen *queen, struct record *record)
{
    record->previous = record->announced;
    record->announced = STATE_NONE;
    if (!record->silent) {
        record->event_id = queen->next_event++;
        record->revision = 1;
        publish_change(queen, record, verdict_text(queen, record));
        note_incident(queen, record);
    }
    publish_verdict(queen, record, (struct text){ "", 0 });
}

void change_inherit(struct record *record, const struct record *ended)
{
    record->announced = ended->announced;
    record->announced_cause = ended->announced_cause;
    record->event_id = ended->event_id;
    record->revision = ended->revision;
    record->unannounced = ended->unannounced + 1;
    record->flapping = ended->flapping;
    record->change_next = ended->change_next;
    memcpy(record->changes, ended->changes, sizeof record->changes);
}

void change_received(struct queen *queen, struct record *record, bool over_http)
{
    record->over_http = over_http;
    record->unsubscribed = false;
    record->received_at = queen_time_for(queen, record);
    record->received_mono = queen->now;
    record->received_epoch = queen->epoch ? queen->epoch : 1;
    record->not_before = 0;
    record->will_closed = record->in_storm = false;
    registry_received(&queen->registry, record, queen->now);
    if (record->owed && may_announce(queen, record)) /* established by now: it has another turn */
        announce(queen, record);
    registry_touch(&queen->registry, record);
}

void change_lease_from(struct queen *queen, struct record *record, ms_t age)
{
    ms_t granted = queen_sees(queen) ? 0 : queen->snapshot.granted;
    ms_t at = queen->watch.time - age;
    bool stands = record->received_epoch != 0 && record->state != STATE_UNVERIFIED;
    record->received_at = stands ? ms_max(record->received_at, at) : at;
    record->received_mono = age > 0 ? queen->now - age : record->received_mono;
    record->not_before = queen->watch.time - granted + queen_grace(queen, record);
    registry_touch(&queen->registry, record);
}
