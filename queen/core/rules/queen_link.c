#include "queen_link.h"

#include "broker_fit.h"
#include "change.h"
#include "codec.h"
#include "exit_status.h"
#include "json_write.h"
#include "restore.h"
#include "snapshot.h"
#include "storm_news.h"
#include "unacked.h"

enum err link_init(struct queen *queen)
{
    struct presence *self = &queen->member.self;
    enum err err = member_init(&queen->member, &(struct member_options){
                                                   .role = MEMBER_QUEEN,
                                                   .root = queen->options.root,
                                                   .queen = queen->options.id,
                                                   .session = queen->options.session,
                                                   .key = siphash_derive(&queen->options.secret, "claim"),
                                                   .keep_alive = queen->options.keep_alive,
                                               });
    self->pid = queen->options.pid;
    self->host = queen->options.host;
    self->version = queen->options.version;
    return err;
}

static void publish_goodbye(struct queen *queen, ms_t until)
{
    member_leave(&queen->member, NULL, until, &(struct input){ .now = queen->now, .wall = queen->wall }, queen->out);
}

static void born(struct queen *queen)
{
    queen->epoch++;
    if (queen->stopping) { /* the link was lost before the goodbye was acknowledged */
        publish_goodbye(queen, queen->member.leave_by);
        return;
    }
    snapshot_begin(queen);
}

static void leave(struct queen *queen)
{
    outbox_disconnect(queen->out);
    outbox_exit(queen->out, 0, "%s", "");
}

static void take(struct queen *queen, enum member_event event)
{
    if (event == MEMBER_BORN)
        born(queen);
    else if (event == MEMBER_LEFT)
        leave(queen);
    else if (event == MEMBER_REFUSED)
        outbox_exit(queen->out, EXIT_REFUSED, "%s", queen->member.claim.why);
}

static void link_down(struct queen *queen)
{
    bool was_live = queen_sees(queen);
    watch_stop(&queen->watch);
    queen->write_at = MS_NEVER;
    snapshot_end(queen);
    if (was_live)
        incident_blind(&queen->incidents, queen->announcing.held ? 0 : change_publish_fleet(queen, "blind", NULL, 0),
                       queen->now);
}

/* No grace is longer. */
static ms_t since_lasts(const struct queen *queen)
{
    return 2 * lease_grace(MSG_INTERVAL_MAX, queen->options.return_grace);
}

/* From now on a grace is granted, as a process that takes this one's place can tell by what is left of the expiry. */
static void publish_since(struct queen *queen)
{
    struct topic topic = { .kind = TOPIC_QUEEN_SINCE, .queen = text_of(queen->options.id) };
    uint32_t retain_s = (uint32_t)((since_lasts(queen) + 999) / 1000);
    struct json_write w = json_write_to(&queen->scratch);
    char text[TOPIC_SIZE];
    if (topic_build(queen->options.root, &topic, text) != OK)
        return;
    buf_reset(&queen->scratch);
    json_open(&w, '{');
    json_add_str(&w, "queen_id", queen->options.id);
    json_add_time(&w, "since", queen->wall);
    json_add_int(&w, "retain_s", retain_s);
    json_close(&w, '}');
    if (!buf_ok(&queen->scratch))
        queen->out->failed = true;
    outbox_publish(queen->out, &(struct publish){ .topic = text,
                                                  .payload = buf_text(&queen->scratch),
                                                  .qos = 1,
                                                  .retain = true,
                                                  .expiry_s = retain_s,
                                                  .content_type = "application/json" });
}

/* Only of an earlier process: after a loss of this one's link all have another grace. Where a broker does not count
 * expiry down, what the store has of it counts; but not where the broker has lost this, too, for then all workers have
 * to come back to it. */
void link_since(struct queen *queen, struct text id, const struct message *message)
{
    struct snapshot *snapshot = &queen->snapshot;
    ms_t stored = queen->remembering.granted;
    struct since since;
    bool counts;
    snapshot->progress_at = queen->now;
    if (!text_is(id, queen->options.id) || !message->retain || !queen->announcing.held ||
        since_decode(&queen->arena, message->payload, &since, NULL) != OK)
        return;
    counts = message->has_expiry && since.retain_s >= message->expiry_s;
    snapshot->since_found = counts || stored > 0;
    snapshot->granted =
        ms_max(stored, counts ? ms_min((since.retain_s - message->expiry_s) * 1000, since_lasts(queen)) : 0);
}

/* It sees, and what earlier processes had to announce goes first. */
static bool is_publishing_unacked(const struct queen *queen)
{
    return queen->announcing.held && queen_sees(queen);
}

static void begin_announcing(struct queen *queen)
{
    if (queen->announcing.held && !unacked_publish(queen, queen->options.limits.records))
        return;
    queen->announcing.held = false;
    queen->announcing.next = queen->now;
    restore_begin_writing(queen);
    (void)change_publish_fleet(queen, "live", NULL, 0);
}

/* The snapshot is read, or as much of it as the broker lets through. */
static void live(struct queen *queen)
{
    watch_go(&queen->watch);
    storm_begin(queen);
    incident_seeing(&queen->incidents, queen->wall);
    queen->snapshot.read_at = queen->watch.time - queen->snapshot.granted;
    queen->snapshot.live_at = queen->now;
    if (!queen->snapshot.since_found)
        publish_since(queen);
    begin_announcing(queen);
}

/* R14: whoever takes this one's place has not seen since when they are lost: it grants them a grace from now on. */
static void publish_since_of_storm(struct queen *queen)
{
    if (queen->storm.announced && !queen->snapshot.since_of_storm)
        publish_since(queen);
    queen->snapshot.since_of_storm = queen->storm.announced;
}

static void tick(struct queen *queen)
{
    publish_since_of_storm(queen);
    queen->out->failed |= incident_tick(&queen->incidents, queen->now, queen->wall, queen->next_event - 1) != OK;
    if (snapshot_tick(queen))
        live(queen);
    else if (is_publishing_unacked(queen))
        begin_announcing(queen);
}

void link_set_devices(struct queen *queen, const struct devices *devices)
{
    if (snapshot_set_devices(queen, devices))
        live(queen);
}

void link_presence(struct queen *queen, struct text id, const struct input *input)
{
    broker_fit_presence(queen, id, input->message);
    if (text_is(id, queen->options.id))
        member_presence(&queen->member, input, &queen->arena, queen->out);
}

void link_reply(struct queen *queen, const struct input *input)
{
    take(queen, member_reply(&queen->member, input, &queen->arena, queen->out));
    if (snapshot_marker(queen, input->message->correlation))
        live(queen);
}

static void stop(struct queen *queen)
{
    if (queen->stopping)
        return;
    queen->stopping = true;
    if (queen->member.linked)
        publish_goodbye(queen, MS_NEVER);
    else
        leave(queen);
}

void link_step(struct queen *queen, const struct input *input)
{
    if (input->kind == INPUT_LINK_DOWN)
        link_down(queen);
    else if (input->kind == INPUT_STOP)
        stop(queen);
    else if (input->kind == INPUT_SUBSCRIBED && token_kind(input->token) == TOKEN_SUBSCRIBE)
        snapshot_subscribed(queen, input->token, input->reason);
    else if (input->kind == INPUT_TICK)
        tick(queen);
    broker_fit_step(queen, input);
    take(queen, member_step(&queen->member, input, queen->out));
}

ms_t link_deadline(const struct queen *queen)
{
    if (is_publishing_unacked(queen))
        return queen->now;
    return ms_min(queen->incidents.blind_due, ms_min(ms_min(snapshot_deadline(queen), broker_fit_deadline(queen)),
                                                     member_deadline(&queen->member)));
}
