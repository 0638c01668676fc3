#include "device_intake.h"

#include "completeness.h"
#include "device_name.h"
#include "device_section.h"
#include "document_store.h"
#include "forget.h"
#include "hive_poll.h"
#include "hive_review.h"
#include "json_write.h"
#include "judge.h"
#include "lease.h"
#include "read_ration.h"
#include "snapshot.h"
#include "stored.h"

/* A message, and whom it is about: a device, or without a worker's name the hive of devices. */
struct device {
    const struct device_section *section;
    const struct message *message;
    struct text hive, worker;
    struct text name; /* as the other system has it */
};

/* What a heartbeat of it would be. */
static struct sign sign_of(const struct device *device)
{
    ms_t stale_after = device->worker.len > 0 ? device->section->stale_after : MS_NEVER;
    struct sign sign = { .claim = { .seq = -1 },
                         .interval_ms = INT_ABSENT,
                         .lease_ms = stale_after == MS_NEVER ? LEASE_ENDLESS : stale_after,
                         .timestamp = TIME_ABSENT,
                         .load = LOAD_NONE };
    if (device->worker.len > 0)
        sign.load.status = "idle";
    return sign;
}

/* ... as a document, which lives as long as the message. Without memory it says nothing. */
static struct text document_of(struct queen *queen, const struct device *device)
{
    struct json_write w = json_write_to(&queen->scratch);
    char *document;
    buf_reset(&queen->scratch);
    json_open(&w, '{');
    json_add_str(&w, "status", device->worker.len > 0 ? "idle" : "ready");
    json_open_member(&w, "labels", '{');
    json_key(&w, "name");
    json_put_text(&w, device->name);
    json_close(&w, '}');
    json_close(&w, '}');
    document = buf_ok(&queen->scratch) ? arena_copy(&queen->arena, buf_text(&queen->scratch)) : NULL;
    return document ? text_of(document) : TEXT("{}");
}

static struct presence presence_of(enum device_state state)
{
    struct presence presence;
    presence_init(&presence);
    presence.presence = state == DEVICE_ONLINE    ? PRESENCE_ONLINE
                        : state == DEVICE_GOODBYE ? PRESENCE_OFFLINE
                                                  : PRESENCE_STALE;
    return presence;
}

/* No worker or hive of the fleet has the same id. */
static bool is_its_own(const struct record *record)
{
    return record->incarnation.session == 0;
}

static enum err beat(struct queen *queen, const struct device *device, struct record *record)
{
    struct sign sign = sign_of(device);
    return judge_heartbeat(queen, record, &sign, document_of(queen, device), false);
}

/* Its own word, or something that comes through it: no request is needed to know that it is ready. */
static enum err parent_online(struct queen *queen, const struct device *parent, struct record *hive)
{
    struct presence birth = presence_of(DEVICE_ONLINE);
    enum err err;
    judge_presence(queen, hive, &birth);
    err = beat(queen, parent, hive);
    if (!is_its_own(hive))
        return err;
    hive_poll_stop(queen, hive);
    judge_ready(queen, hive, PATH_MQTT);
    return err;
}

static struct device parent_of(const struct device_section *section, const struct message *message)
{
    return (struct device){ section, message, text_of(section->hive), { 0 }, section->parent };
}

/* How it is received. If it is alive now, which takes its parent, that is back, too, if it ever said anything. */
static void note_way(struct queen *queen, const struct device *device, struct record *record, bool is_alive)
{
    struct device parent = parent_of(device->section, device->message);
    struct record *hive;
    record->behind_hive = device->section->parent.at && is_its_own(record);
    if (!record->behind_hive || !is_alive)
        return;
    hive = registry_find(&queen->registry, parent.hive, parent.worker);
    if (hive && hive->state != STATE_ONLINE)
        (void)parent_online(queen, &parent, hive); /* its document is worth nothing */
}

/* Its name is known, also of one that has only said that it is gone. */
static enum err keep_document(struct queen *queen, const struct device *device, struct record *record)
{
    struct sign sign = sign_of(device);
    if (record->document || (record->dropped & RECORD_HEARTBEAT))
        return OK;
    return document_store_heartbeat(&queen->registry, record, document_of(queen, device), &sign.load);
}

/* No further beat is waited for: where the will itself changes nothing, since its parent was down, silence does (R10).
 */
static void end_lease(struct queen *queen, struct record *record)
{
    if (record->state == STATE_ONLINE || !is_its_own(record))
        return;
    record->lease_ms = LEASE_ENDED;
    roll_mark(&queen->registry.roll, record);
    registry_touch(&queen->registry, record);
}

/* It is gone, as it or its broker says; R1 if it was not known before. */
static enum err judge_gone(struct queen *queen, const struct device *device, struct record *record,
                           enum device_state state)
{
    struct presence presence = presence_of(state);
    if (record->incarnation.known)
        judge_presence(queen, record, &presence);
    else
        stored_presence(queen, record, &presence, 0);
    end_lease(queen, record);
    return keep_document(queen, device, record);
}

static enum err judge_live(struct queen *queen, const struct device *device, struct record *record,
                           enum device_state state)
{
    struct presence birth = presence_of(DEVICE_ONLINE);
    if (state != DEVICE_ONLINE)
        return judge_gone(queen, device, record, state);
    judge_presence(queen, record, &birth);
    return beat(queen, device, record);
}

/* R15: a heartbeat makes it known, and its word speaks against it, or does not. */
static enum err judge_stored(struct queen *queen, const struct device *device, struct record *record,
                             enum device_state state)
{
    struct sign sign = sign_of(device);
    struct presence presence = presence_of(state);
    enum err err;
    completeness_saw_device(queen, record);
    err = stored_heartbeat(queen, record, &sign, document_of(queen, device), 0);
    stored_presence(queen, record, &presence, 0);
    if (state != DEVICE_ONLINE && record->state == STATE_UNREACHABLE && !queen_received_live(queen, record))
        end_lease(queen, record);
    return err;
}

static bool is_readable(struct queen *queen, const struct device *device, bool comes_again)
{
    struct read_cost cost = { device->hive, device->message->payload.len, comes_again };
    return device->message->retain || read_ration_allows(&queen->registry, cost, queen->behind, queen->now);
}

/* Somebody has cleared its topic: R16. */
static enum err cleared(struct queen *queen, const struct device *device)
{
    const struct record *record = registry_find(&queen->registry, device->hive, device->worker);
    if (record && is_its_own(record))
        forget_cleared(queen, device->hive, device->worker, FORGET_SEEN_ALL);
    return OK;
}

/* A word is said once: without memory for whom it is about the next process reads it. */
static enum err open_record(struct queen *queen, const struct device *device, enum device_state state,
                            struct record **ret)
{
    bool is_sign_of_life = !device->message->retain && state == DEVICE_ONLINE;
    enum err err = forget_open(queen, device->hive, device->worker, is_sign_of_life, ret);
    if (err == ERR_NOMEM)
        queen->out->failed = true;
    return err;
}

/* Errors: ERR_UNKNOWN. */
static enum err read_word(struct queen *queen, const struct device *device, enum device_state *ret, struct errbuf *e)
{
    enum device_state state;
    if (device->message->payload.len > MSG_MAX_BYTES)
        return ERR_TOO_LARGE;
    state = device_words_read(&device->section->words, device->message->payload, &queen->arena);
    if (state == DEVICE_STATE_COUNT)
        return err_set(e, ERR_UNKNOWN, "the payload is none of the words of [device \"%s\"]", device->section->name);
    *ret = state;
    return OK;
}

/* A stored copy of one that was forgotten is left where it is: the topic is not ours. */
static bool is_forgotten(const struct queen *queen, const struct device *device)
{
    return device->message->retain &&
           tombstones_hold(&queen->tombstones, device->hive, device->worker, 0, queen->epoch);
}

/* A live goodbye makes nobody known. */
static bool is_of_nobody(const struct queen *queen, const struct device *device, enum device_state state)
{
    return state == DEVICE_GOODBYE && !device->message->retain &&
           !registry_find(&queen->registry, device->hive, device->worker);
}

static enum err take_word(struct queen *queen, const struct device *device, struct errbuf *e)
{
    bool is_stored = device->message->retain;
    struct record *record;
    enum device_state state = DEVICE_OFFLINE;
    enum err err = read_word(queen, device, &state, e);
    if (err != OK || is_forgotten(queen, device) || is_of_nobody(queen, device, state))
        return err;
    if ((err = open_record(queen, device, state, &record)) != OK)
        return err;
    err = (is_stored ? judge_stored : judge_live)(queen, device, record, state);
    note_way(queen, device, record, !is_stored && state == DEVICE_ONLINE);
    hive_review_behind(queen, record);
    return err;
}

/* A stored one says nothing; one of a device that is not known only where nothing else makes it known. */
static bool is_beat(const struct queen *queen, const struct device *device)
{
    return !device->message->retain && device->message->payload.len > 0 &&
           (device->section->discovers_by_beat || registry_find(&queen->registry, device->hive, device->worker));
}

static enum err take_beat(struct queen *queen, const struct device *device)
{
    struct record *record;
    enum err err;
    if (!is_beat(queen, device))
        return OK;
    if (!is_readable(queen, device, true))
        return ERR_RATIONED;
    if ((err = forget_open(queen, device->hive, device->worker, true, &record)) != OK)
        return err;
    err = beat(queen, device, record);
    note_way(queen, device, record, true);
    return err;
}

static enum err take_device(struct queen *queen, const struct device_match *match, const struct message *message,
                            struct errbuf *e)
{
    char id[NAME_SIZE];
    struct device device = { match->section, message, text_of(match->section->hive), { 0 }, match->name };
    enum err err = device_name_to_id(match->name, id, e);
    if (err != OK)
        return err;
    device.worker = text_of(id);
    if (match->topic == DEVICE_BEAT)
        return take_beat(queen, &device);
    if (message->payload.len == 0)
        return cleared(queen, &device);
    return is_readable(queen, &device, false) ? take_word(queen, &device, e) : ERR_RATIONED;
}

/* Anything but online is a loss: what is behind it cannot be received. */
static enum err take_parent(struct queen *queen, const struct device *parent, struct errbuf *e)
{
    struct record *hive;
    enum device_state state = DEVICE_OFFLINE;
    enum err err;
    if (parent->message->payload.len == 0)
        return cleared(queen, parent);
    if (!is_readable(queen, parent, false))
        return ERR_RATIONED;
    err = read_word(queen, parent, &state, e);
    if (err != OK || is_forgotten(queen, parent))
        return err;
    if ((err = open_record(queen, parent, state, &hive)) != OK)
        return err;
    state = state == DEVICE_ONLINE ? DEVICE_ONLINE : DEVICE_OFFLINE;
    if (!parent->message->retain)
        return state == DEVICE_ONLINE ? parent_online(queen, parent, hive) : judge_gone(queen, parent, hive, state);
    err = judge_stored(queen, parent, hive, state);
    if (is_its_own(hive))
        hive_poll_stop(queen, hive);
    return err;
}

/* Of each section that has it. ERR_TOPIC: none has. */
static enum err take_parents(struct queen *queen, const struct devices *devices, const struct message *message,
                             struct errbuf *e)
{
    const struct device_section *section = NULL;
    enum err result = ERR_TOPIC;
    while ((section = devices_of_parent(devices, section, message->topic))) {
        struct device parent = parent_of(section, message);
        enum err err = take_parent(queen, &parent, e);
        result = result == ERR_TOPIC || result == OK ? err : result;
    }
    return result;
}

enum err device_intake_message(struct queen *queen, const struct message *message, struct errbuf *e)
{
    const struct devices *devices = queen->options.devices;
    struct device_match match;
    enum err err;
    if (!devices)
        return ERR_TOPIC;
    err = take_parents(queen, devices, message, e);
    if (err == ERR_TOPIC && devices_match(devices, message->topic, &match))
        err = take_device(queen, &match, message, e);
    if (err != ERR_TOPIC && message->retain)
        snapshot_copy(queen, TOPIC_WORKER_PRESENCE);
    return err;
}
