#include "intake.h"

#include "beat_age.h"
#include "codec.h"
#include "completeness.h"
#include "forget.h"
#include "judge.h"
#include "loss.h"
#include "read_ration.h"
#include "restore.h"
#include "snapshot.h"
#include "stored.h"

#define DEFAULT_HIVE "default"

void intake_count(struct queen *queen, enum err err)
{
    ++*(err == OK ? &queen->counters.accepted : &queen->counters.rejected[err]);
}

/* R1: a bridge or a restored backup sends stored copies as live messages. */
static bool is_copy(const struct message *message, ms_t age)
{
    return message->retain || age > BEAT_AGE_LIVE_MS;
}

static ms_t age_of(const struct queen *queen, const struct topic *topic, const struct message *message,
                   int64_t retain_s)
{
    ms_t age = beat_age(NULL, message, retain_s);
    const struct share *share = age > BEAT_AGE_LIVE_MS ? share_find(&queen->registry.shares, topic->hive) : NULL;
    return share ? beat_age(&share->age, message, retain_s) : age;
}

/* Whom a document is about, and what it means for what is known. */
struct subject {
    const char *worker_id, *hive_id; /* that it names; NULL = none */
    uint64_t session;
    bool copy;        /* it is one */
    bool is_stored;   /* ... that the broker hands over because of a subscription */
    bool is_life;     /* it is a sign of life, by the one that it is about */
    bool makes_known; /* there is a record of it from now on */
};

/* NULL: it says nothing of anybody that is known. */
static enum err find_subject(struct queen *queen, const struct topic *topic, const struct subject *subject,
                             struct record **ret, struct errbuf *e)
{
    enum err err = ids_match(subject->worker_id, topic->worker, "worker_id", e);
    *ret = NULL;
    if (err == OK)
        err = ids_match(subject->hive_id, topic->hive, "hive_id", e);
    if (err != OK || (subject->copy && forget_again(queen, topic, subject->session, subject->is_stored)))
        return err;
    if (!subject->makes_known && !registry_find(&queen->registry, topic->hive, topic->worker))
        return OK;
    return forget_open(queen, topic->hive, topic->worker, subject->is_life && !subject->copy, ret);
}

typedef enum err take_fn(struct queen *queen, const struct topic *topic, const struct message *message,
                         struct errbuf *e);

/* Declares the document `kind`, decoded, its `age`, whether it is a `copy`, and the `record` that it is about. */
#define TAKE(kind, worker, retain_s, is_life, is_news)                                                                 \
    struct kind kind;                                                                                                  \
    struct record *record;                                                                                             \
    ms_t age = 0;                                                                                                      \
    bool copy = false;                                                                                                 \
    enum err err = kind##_decode(&queen->arena, message->payload, &kind, e);                                           \
    if (err == OK) {                                                                                                   \
        age = age_of(queen, topic, message, retain_s);                                                                 \
        copy = is_copy(message, age);                                                                                  \
        err = find_subject(                                                                                            \
            queen, topic,                                                                                              \
            &(struct subject){ worker, kind.hive_id, kind.session, copy, message->retain, is_life, is_news }, &record, \
            e);                                                                                                        \
    }                                                                                                                  \
    if (err != OK || !record)                                                                                          \
        return err;                                                                                                    \
    if (message->retain)                                                                                               \
    completeness_saw(queen, record, topic)

/* That it looks old may be due to the broker, which a further one shows. */
static enum err take_sign(struct queen *queen, struct record *record, struct text hive, struct sign sign,
                          const struct message *message, int64_t retain_s, ms_t age)
{
    bool looks_old = !message->retain && is_copy(message, age);
    struct share *share = looks_old ? share_find(&queen->registry.shares, hive) : NULL;
    if (share) {
        beat_age_note(&share->age, message, retain_s, sign.claim.session, sign.claim.seq, queen->now);
        age = beat_age(&share->age, message, retain_s);
    }
    if (!is_copy(message, age))
        return judge_heartbeat(queen, record, &sign, message->payload, false);
    return stored_heartbeat(queen, record, &sign, message->payload, age);
}

static enum err take_heartbeat(struct queen *queen, const struct topic *topic, const struct message *message,
                               struct errbuf *e)
{
    struct sign sign;
    TAKE(heartbeat, heartbeat.worker_id, heartbeat.retain_s, true, true);
    sign = sign_of_heartbeat(&heartbeat);
    if (!copy && record->state == STATE_NONE)
        completeness_missed(queen, &sign.claim, heartbeat.retain_s);
    completeness_note_retention(queen, record, heartbeat.retain_s);
    return take_sign(queen, record, topic->hive, sign, message, heartbeat.retain_s, age);
}

/* A hive is known by its presence: a name that never had one is no hive, and nothing is said of it. */
static enum err take_hive_heartbeat(struct queen *queen, const struct topic *topic, const struct message *message,
                                    struct errbuf *e)
{
    TAKE(hive_heartbeat, NULL, hive_heartbeat.retain_s, false, false);
    if (hive_heartbeat.workers.known && hive_heartbeat.workers.total != INT_ABSENT)
        record->watch->workers = 1 + (uint32_t)ms_min(hive_heartbeat.workers.total, queen->options.max_workers);
    return take_sign(queen, record, topic->hive, sign_of_hive_heartbeat(&hive_heartbeat), message,
                     hive_heartbeat.retain_s, age);
}

/* The will of an unknown worker or hive counts like a stored one; another live death makes none known. */
static enum err take_presence(struct queen *queen, const struct topic *topic, const struct message *message,
                              struct errbuf *e)
{
    TAKE(presence, presence.worker_id, presence.presence == PRESENCE_ONLINE ? presence.retain_s : INT_ABSENT,
         presence.presence == PRESENCE_ONLINE,
         copy || presence.presence == PRESENCE_ONLINE || presence_is_will(&presence));
    if (copy || (presence_is_will(&presence) && !record->incarnation.known))
        stored_presence(queen, record, &presence, age);
    else
        judge_presence(queen, record, &presence);
    return OK;
}

static enum err take_witness(struct queen *queen, const struct topic *topic, const struct message *message,
                             struct errbuf *e)
{
    TAKE(witness, witness.worker_id, INT_ABSENT, false, true);
    stored_sight(queen, record);
    return judge_witness(queen, record, &witness, message->payload, copy);
}

/* As flags_write has it. */
static bool has_flags(struct text verdict)
{
    static const char some[] = "\"flags\":[\"";
    return memmem(verdict.at, verdict.len, some, sizeof some - 1);
}

/* R17: published by this queen, perhaps by an earlier process. Nobody makes room for one that was known once. */
static enum err take_verdict(struct queen *queen, const struct topic *topic, const struct message *message,
                             struct errbuf *e)
{
    struct verdict verdict;
    struct record_row row;
    struct record *record = NULL;
    enum err err = text_is(topic->queen, queen->options.id) ? OK : ERR_TOPIC;
    bool is_hive = topic->worker.len == 0;
    if (err != OK || !message->retain) /* live, it is an echo */
        return err;
    if ((err = verdict_decode(&queen->arena, message->payload, &verdict, e)) != OK ||
        (err = restore_read(queen, &verdict, is_hive, &row, e)) != OK)
        return err;
    err = find_subject(queen, topic,
                       &(struct subject){ verdict.worker_id, verdict.hive_id, verdict.session, true, true, false,
                                          !registry_is_full(&queen->registry, is_hive) },
                       &record, e);
    row.has_flags = has_flags(message->payload);
    if (err == OK && record)
        restore_row(queen, record, &row);
    return err;
}

static const struct kind {
    take_fn *take;
    enum forget_seen cleared; /* what an empty message means */
    bool comes_again;         /* others follow that say as much */
} kinds[] = {
    [TOPIC_WORKER_HEARTBEAT] = { take_heartbeat, FORGET_SEEN_HEARTBEAT, true },
    [TOPIC_HIVE_HEARTBEAT] = { take_hive_heartbeat, FORGET_SEEN_HEARTBEAT, true },
    [TOPIC_WORKER_PRESENCE] = { take_presence, FORGET_SEEN_PRESENCE },
    [TOPIC_HIVE_PRESENCE] = { take_presence, FORGET_SEEN_PRESENCE },
    [TOPIC_WORKER_WITNESS] = { take_witness, FORGET_SEEN_NONE },
    [TOPIC_VERDICT] = { take_verdict, FORGET_SEEN_NONE },
    [TOPIC_HIVE_VERDICT] = { take_verdict, FORGET_SEEN_NONE },
};

/* What is said once is lost for good, for want of memory: the next process reads it. Whoever sends more than a message
 * may take does not end this one. */
static void miss(struct queen *queen, const struct kind *kind, enum err err)
{
    if (err == ERR_NOMEM && !kind->comes_again && !queen->arena.was_limited)
        queen->out->failed = true;
}

static bool may_read(struct queen *queen, const struct kind *kind, const struct topic *topic,
                     const struct message *message)
{
    struct read_cost cost = { topic->hive, message_cost(message), kind->comes_again };
    return message->retain || read_ration_allows(&queen->registry, cost, queen->behind, queen->now);
}

enum err intake_message(struct queen *queen, const struct topic *topic, const struct message *message, struct errbuf *e)
{
    const struct kind *kind = topic->kind < ARRAY_LEN(kinds) ? &kinds[topic->kind] : NULL;
    enum err err = OK;
    if (!kind || !kind->take)
        return ERR_TOPIC;
    if (message->retain)
        snapshot_copy(queen, topic->kind);
    if (message->payload.len > 0)
        err = may_read(queen, kind, topic, message) ? kind->take(queen, topic, message, e) : ERR_RATIONED;
    else if (kind->cleared != FORGET_SEEN_NONE)
        forget_cleared(queen, topic->hive, topic->worker, kind->cleared);
    miss(queen, kind, err);
    return err;
}

enum err intake_posted(struct queen *queen, struct text document, struct errbuf *e)
{
    struct heartbeat heartbeat;
    struct record *record;
    struct sign sign;
    enum err err = heartbeat_decode(&queen->arena, document, &heartbeat, e);
    queen->counters.posted++;
    if (err == OK && !heartbeat.worker_id)
        err = err_set(e, ERR_MISSING, "worker_id: required over HTTP");
    if (err == OK)
        err = forget_open(queen, text_of(heartbeat.hive_id ? heartbeat.hive_id : DEFAULT_HIVE),
                          text_of(heartbeat.worker_id), true, &record);
    if (err == OK) {
        sign = sign_of_heartbeat(&heartbeat);
        err = judge_heartbeat(queen, record, &sign, document, true);
    }
    intake_count(queen, err);
    return err;
}
