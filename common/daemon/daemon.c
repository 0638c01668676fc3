#include "daemon.h"

#include "clock.h"
#include "service.h"

#define NOTICES_BURST 10
#define NOTICES_EVERY_MS 10000
#define TICK_DELAY_MAX_MS 50 /* of what is due, with what goes on arriving */

static void read_clock(struct daemon *daemon)
{
    if (daemon->ops->clock) {
        daemon->ops->clock(daemon->user, &daemon->now, &daemon->wall);
        return;
    }
    daemon->now = clock_mono();
    daemon->wall = clock_wall();
}

void daemon_init(struct daemon *daemon, const struct daemon_ops *ops, void *user)
{
    *daemon = (struct daemon){
        .ops = ops, .user = user, .notices = { NOTICES_BURST, NOTICES_EVERY_MS }, .tick_by = MS_NEVER
    };
    read_clock(daemon);
}

void daemon_clear(struct daemon *daemon)
{
    broker_link_free(daemon->link);
    daemon->link = NULL;
    outbox_clear(&daemon->outbox);
}

static void end(struct daemon *daemon, int code, const char *why)
{
    if (why[0])
        log_at(LOG_ERROR, why, NULL);
    daemon->exit_code = code;
    daemon->is_ending = true;
    daemon->has_ended = !daemon->is_leaving;
}

void daemon_left(void *user)
{
    struct daemon *daemon = user;
    daemon->is_leaving = false;
    daemon->has_ended = daemon->is_ending;
}

void daemon_starved(void *user)
{
    struct daemon *daemon = user;
    if (daemon->is_ending && !daemon->is_leaving)
        return;
    daemon->is_leaving = false;
    end(daemon, EXIT_FAILED, "out of memory: exiting, since not everything could be done");
}

static enum err carry_out(struct daemon *daemon, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_NOTICE:
        if (effect->is_rare)
            log_at(LOG_WARNING, effect->text.at, NULL);
        else
            (void)log_limited(&daemon->notices, LOG_WARNING, effect->text.at, NULL);
        return OK;
    case EFFECT_EXIT:
        end(daemon, effect->code, effect->text.at);
        return OK;
    case EFFECT_HTTP_GET:
        return daemon->ops->http_get(daemon->user, &effect->http_get);
    default:
        daemon->is_leaving |= effect->kind == EFFECT_DISCONNECT;
        return broker_link_carry_out(daemon->link, effect);
    }
}

struct outbox *daemon_enter(struct daemon *daemon)
{
    read_clock(daemon);
    return &daemon->outbox;
}

void daemon_leave(struct daemon *daemon)
{
    for (const struct effect *effect = daemon->outbox.first; effect; effect = effect->next)
        daemon->outbox.failed |= carry_out(daemon, effect) != OK;
    if (daemon->outbox.failed)
        daemon_starved(daemon);
    if (daemon->outbox.first || daemon->outbox.failed)
        outbox_reset(&daemon->outbox);
    if (daemon->ops->stepped)
        daemon->ops->stepped(daemon->user);
}

static ms_t behind(struct daemon *daemon)
{
    if (!daemon->link || !broker_link_is_behind(daemon->link))
        daemon->caught_up_at = daemon->now;
    return daemon->now - daemon->caught_up_at;
}

/* One that has ended takes no more of the burst: the core may not match what was published. */
static void step(struct daemon *daemon, struct input *input)
{
    if (daemon->has_ended)
        return;
    input->behind = behind(daemon);
    input->now = daemon->now;
    input->wall = daemon->wall;
    if (daemon->link)
        broker_link_unsent(daemon->link, input);
    daemon->ops->step(daemon->user, input, &daemon->outbox);
    daemon_leave(daemon);
}

/* What comes in one burst has one time, that of INPUT_PACKET. */
void daemon_input(void *user, struct input *input)
{
    if (input->kind != INPUT_MESSAGE && input->kind != INPUT_ACKED && input->kind != INPUT_SUBSCRIBED)
        read_clock(user);
    step(user, input);
}

void daemon_step(struct daemon *daemon, struct input input)
{
    read_clock(daemon);
    step(daemon, &input);
}

ms_t daemon_http(void *user, const struct http_request *request, struct http_response *ret)
{
    struct daemon *daemon = user;
    struct outbox *outbox = daemon_enter(daemon);
    ms_t wait = daemon->ops->http(daemon->user, request, daemon->now, daemon->wall, ret, outbox);
    daemon_leave(daemon);
    return wait;
}

bool daemon_listing_next(void *user, struct listing *listing, struct buf *slice)
{
    struct daemon *daemon = user;
    read_clock(daemon);
    return daemon->ops->listing_next(daemon->user, listing, daemon->now, daemon->wall, slice);
}

static ms_t due(struct daemon *daemon)
{
    ms_t at = daemon->ops->deadline(daemon->user);
    read_clock(daemon);
    return at == MS_NEVER ? MS_NEVER : ms_max(at - daemon->now, 0);
}

/* What is due may be needless once all that has arrived is read. But more may arrive for ever. */
static bool may_tick(struct daemon *daemon)
{
    bool is_due = !daemon->has_ended && due(daemon) == 0;
    bool is_read = is_due && broker_link_drain(daemon->link);
    if (!is_due || is_read)
        daemon->tick_by = MS_NEVER;
    else if (daemon->tick_by == MS_NEVER)
        daemon->tick_by = daemon->now + TICK_DELAY_MAX_MS;
    return is_read || (is_due && daemon->now >= daemon->tick_by);
}

ms_t daemon_turn(struct daemon *daemon)
{
    bool is_settled = broker_link_settle(daemon->link);
    if (may_tick(daemon))
        daemon_step(daemon, (struct input){ .kind = INPUT_TICK });
    if (daemon->ops->work && !daemon->ops->work(daemon->user))
        return 0;
    return !is_settled ? 0 : due(daemon);
}
