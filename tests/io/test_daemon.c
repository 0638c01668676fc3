/* The driver of a core over a client that does nothing: when it ticks, what time it says, how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon.h"
#include "send_queue.h"
#include "service.h"

struct scene {
    struct daemon daemon;
    struct rng rng;
    ms_t now, deadline;
    bool up, has_more;                       /* the link; the socket, after a drain */
    const char *in_socket;                   /* the topic of a message; NULL = none */
    enum err publish_fault, subscribe_fault; /* of the client */
    enum err get_fault;                      /* of the next GET */
    bool has_work;                           /* of its own, after a turn */
    void (*left)(void *user);                /* DISCONNECT is under way */
    void (*act)(struct outbox *outbox);      /* what the core wants when it is stepped next */
    ms_t behind;                             /* as the core was told last */
    struct buf trace;
};

static struct scene scene;

static void say(const char *what)
{
    buf_printf(&scene.trace, "%s%s@%lld", scene.trace.len ? ", " : "", what, (long long)scene.now);
}

/* The core. */

static void step(void *user, const struct input *input, struct outbox *outbox)
{
    static const char *const names[] = {
        [INPUT_TICK] = "tick",          [INPUT_CONNECTING] = "connecting",
        [INPUT_LINK_UP] = "up",         [INPUT_LINK_DOWN] = "down",
        [INPUT_LINK_FAILED] = "failed", [INPUT_PACKET] = "packet",
        [INPUT_SUBSCRIBED] = "suback",  [INPUT_ACKED] = "puback",
        [INPUT_MESSAGE] = "message",    [INPUT_HTTP_ANSWERED] = "http",
        [INPUT_STOP] = "stop",
    };
    void (*act)(struct outbox * outbox) = scene.act;
    (void)user;
    buf_printf(&scene.trace, "%s%s", scene.trace.len ? ", " : "", names[input->kind]);
    if (input->reason >= MQTT_FAILED)
        buf_printf(&scene.trace, " %x", input->reason);
    buf_printf(&scene.trace, "@%lld", (long long)input->now);
    assert_int_equal(input->wall, input->now + 1000000);
    if (input->kind == INPUT_TICK)
        scene.deadline = input->now + 1000;
    scene.behind = input->behind;
    scene.act = NULL;
    if (act)
        act(outbox);
}

static ms_t deadline(const void *user)
{
    (void)user;
    return scene.deadline;
}

static ms_t http(void *user, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                 struct outbox *outbox)
{
    (void)user, (void)request, (void)now, (void)wall;
    ret->status = 200;
    outbox_publish(outbox, &(struct publish){ .topic = "posted", .qos = 1 });
    return 0;
}

static enum err http_get(void *user, const struct http_get *get)
{
    enum err err = scene.get_fault;
    (void)user;
    say(get->url);
    scene.get_fault = OK;
    return err;
}

static bool work(void *user)
{
    (void)user;
    return !scene.has_work;
}

static void clock_read(void *user, ms_t *ret_now, ms_t *ret_wall)
{
    (void)user;
    *ret_now = scene.now;
    *ret_wall = scene.now + 1000000;
}

static const struct daemon_ops ops = {
    .step = step, .deadline = deadline, .http = http, .http_get = http_get, .work = work, .clock = clock_read
};

/* The client. */

static void start(struct mqtt *mqtt)
{
    (void)mqtt;
}

static void stop(struct mqtt *mqtt, void (*done)(void *user))
{
    (void)mqtt;
    say("disconnect");
    scene.left = done;
}

static void drop(struct mqtt *mqtt, const char *why)
{
    (void)mqtt, (void)why;
    say("drop");
    scene.up = false;
}

static void renew(struct mqtt *mqtt)
{
    (void)mqtt;
    say("renew");
    scene.up = false;
}

static bool drain(struct mqtt *mqtt)
{
    struct message message = { .topic = text_of(scene.in_socket) };
    (void)mqtt;
    if (scene.in_socket)
        broker_link_events.message(scene.daemon.link, &message);
    scene.in_socket = NULL;
    return !scene.has_more;
}

static bool is_up(const struct mqtt *mqtt)
{
    (void)mqtt;
    return scene.up;
}

static bool is_behind(const struct mqtt *mqtt)
{
    (void)mqtt;
    return scene.has_more;
}

static enum err publish(struct mqtt *mqtt, const struct publish *publish)
{
    (void)mqtt;
    say(publish->topic);
    return scene.publish_fault;
}

static enum err subscribe(struct mqtt *mqtt, const struct subscribe *subscribe)
{
    (void)mqtt;
    say(subscribe->filter);
    return scene.subscribe_fault;
}

static enum err unsubscribe(struct mqtt *mqtt, const char *filter)
{
    (void)mqtt;
    say(filter);
    return OK;
}

static void let_go(struct mqtt *mqtt)
{
    (void)mqtt;
}

static const struct mqtt_ops client = { start,     stop,    drop,      renew,       drain, is_up,
                                        is_behind, publish, subscribe, unsubscribe, let_go };

static int set_up(void **state)
{
    struct broker_link_options options = { .broker = "fake",
                                           .rng = &scene.rng,
                                           .reconnect_max = 1000,
                                           .input = daemon_input,
                                           .left = daemon_left,
                                           .starved = daemon_starved,
                                           .user = &scene.daemon };
    (void)state;
    scene = (struct scene){ .now = 10, .deadline = MS_NEVER };
    log_setup("test", "logfmt", "error");
    daemon_init(&scene.daemon, &ops, &scene);
    assert_int_equal(broker_link_new(&options, &scene.daemon.link), OK);
    broker_link_attach(scene.daemon.link, &client, (struct mqtt *)&scene);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    daemon_clear(&scene.daemon);
    buf_clear(&scene.trace);
    return 0;
}

static void expect(const char *trace)
{
    assert_string_equal(buf_str(&scene.trace), trace);
    buf_reset(&scene.trace);
}

static void link_up(void)
{
    scene.up = true;
    broker_link_events.up(scene.daemon.link, "127.0.0.1:1883", NULL);
}

static void it_ticks_when_that_is_due(void **state)
{
    (void)state;
    assert_int_equal(daemon_turn(&scene.daemon), MS_NEVER);
    scene.deadline = 60;
    assert_int_equal(daemon_turn(&scene.daemon), 50);
    expect("");
    scene.now = 61; /* a loop is late */
    assert_int_equal(daemon_turn(&scene.daemon), 1000);
    expect("tick@61");
}

static void what_is_in_the_socket_comes_first(void **state)
{
    (void)state;
    scene.deadline = scene.now;
    scene.in_socket = "beat";
    scene.has_more = true;
    assert_int_equal(daemon_turn(&scene.daemon), 0); /* more than one burst: the loop goes on reading */
    expect("message@10");
    scene.has_more = false;
    assert_int_equal(daemon_turn(&scene.daemon), 1000);
    expect("tick@10");
}

static void what_goes_on_arriving_delays_a_tick_only_so_long(void **state)
{
    (void)state;
    scene.deadline = scene.now;
    scene.has_more = true;
    assert_int_equal(daemon_turn(&scene.daemon), 0);
    scene.now += 49;
    assert_int_equal(daemon_turn(&scene.daemon), 0);
    expect("");
    scene.now++;
    assert_int_equal(daemon_turn(&scene.daemon), 1000);
    expect("tick@60");
    (void)daemon_turn(&scene.daemon);
    scene.deadline = scene.now += 1000; /* the next one has its own time */
    assert_int_equal(daemon_turn(&scene.daemon), 0);
    expect("");
}

static void while_it_is_behind_each_turn_ticks_that_has_something_due(void **state)
{
    (void)state;
    scene.deadline = scene.now;
    scene.has_more = true;
    (void)daemon_turn(&scene.daemon);
    scene.now += 50;
    for (unsigned i = 0; i < 2; i++) {
        (void)daemon_turn(&scene.daemon);
        scene.deadline = scene.now; /* it has more to do at once */
    }
    expect("tick@60, tick@60");
}

static void the_core_knows_since_when_more_arrives_than_is_read(void **state)
{
    static const ms_t want[] = { 0, 5, 10, 0, 5 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        scene.has_more = want[i] > 0;
        scene.now += 5;
        broker_link_events.packet(scene.daemon.link);
        assert_int_equal(scene.behind, want[i]);
    }
}

static void publish_one(struct outbox *outbox)
{
    outbox_publish(outbox, &(struct publish){ .topic = "a", .qos = 1, .token = 1 });
}

static void a_burst_has_one_time(void **state)
{
    struct message message = { .topic = TEXT("t") };
    (void)state;
    broker_link_events.packet(scene.daemon.link);
    scene.now = 15;
    broker_link_events.message(scene.daemon.link, &message);
    broker_link_events.subscribed(scene.daemon.link, 7, 0);
    broker_link_events.packet(scene.daemon.link);
    expect("packet@10, message@10, suback@10, packet@15");
    scene.act = publish_one;
    link_up();
    scene.now = 20;
    broker_link_events.acked(scene.daemon.link, 1, 0);
    expect("up@15, a@15, puback@15");
}

static void its_own_work_goes_on_before_it_sleeps(void **state)
{
    (void)state;
    scene.deadline = 60;
    scene.has_work = true;
    assert_int_equal(daemon_turn(&scene.daemon), 0);
    scene.has_work = false;
    assert_int_equal(daemon_turn(&scene.daemon), 50);
    expect("");
}

static void disconnect_and_exit(struct outbox *outbox)
{
    outbox_disconnect(outbox);
    outbox_exit(outbox, 3, "%s", "");
}

static void exit_alone(struct outbox *outbox)
{
    outbox_exit(outbox, 6, "refused");
}

static void out_of_memory(struct outbox *outbox)
{
    outbox->failed = true;
}

static void disconnect_without_memory(struct outbox *outbox)
{
    outbox_disconnect(outbox);
    outbox->failed = true;
}

/* Of which the first finds no memory. */
static void get_two(struct outbox *outbox)
{
    scene.get_fault = ERR_NOMEM;
    outbox_http_get(outbox, "http://a", 1, 1000);
    outbox_http_get(outbox, "http://b", 2, 1000);
}

static void disconnect_alone(struct outbox *outbox)
{
    outbox_disconnect(outbox);
}

static void how_it_ends(void **state)
{
    static const struct {
        const char *why;
        void (*act)(struct outbox *outbox);
        bool at_once, when_left;
        int code;
    } rows[] = {
        { "it has left before it goes", disconnect_and_exit, false, true, 3 },
        { "without a goodbye it goes at once", exit_alone, true, true, 6 },
        { "what is left undone for want of memory ends it", out_of_memory, true, true, EXIT_FAILED },
        { "and nothing is waited for then", disconnect_without_memory, true, true, EXIT_FAILED },
        { "nor forgotten when the next effect is fine", get_two, true, true, EXIT_FAILED },
        { "a link that ends is no end", disconnect_alone, false, false, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        set_up(state);
        scene.act = rows[i].act;
        daemon_step(&scene.daemon, (struct input){ .kind = INPUT_STOP });
        if (scene.daemon.has_ended != rows[i].at_once)
            fail_msg("%s", rows[i].why);
        if (scene.left)
            scene.left(scene.daemon.link);
        if (scene.daemon.has_ended != rows[i].when_left || scene.daemon.exit_code != rows[i].code)
            fail_msg("%s: %d", rows[i].why, scene.daemon.exit_code);
        tear_down(state);
    }
}

static void it_does_not_tick_when_it_has_ended(void **state)
{
    (void)state;
    scene.act = out_of_memory;
    daemon_step(&scene.daemon, (struct input){ .kind = INPUT_TICK });
    scene.deadline = scene.now;
    (void)daemon_turn(&scene.daemon);
    expect("tick@10");
}

static void a_request_has_effects(void **state)
{
    struct http_response response = { 0 };
    (void)state;
    link_up();
    assert_int_equal(daemon_http(&scene.daemon, &(struct http_request){ .method = "POST" }, &response), 0);
    assert_int_equal(response.status, 200);
    expect("up@10, posted@10");
}

static void publish_two(struct outbox *outbox)
{
    outbox_publish(outbox, &(struct publish){ .topic = "a", .qos = 1, .token = 1 });
    outbox_publish(outbox, &(struct publish){ .topic = "b", .qos = 1, .token = 2 });
}

/* What the client refuses for good is not sent again; for everything else the link is made anew. */
static void what_the_client_refuses(void **state)
{
    static const struct {
        const char *why;
        enum err fault;
        const char *now, *later;
    } rows[] = {
        { "fine", OK, "tick@10, a@10, b@10", "up@10, a@10, b@10" }, /* not acknowledged: again on the next link */
        { "too large", ERR_TOO_LARGE, "tick@10, a@10, b@10, puback 95@10, puback 95@10", "up@10" },
        { "a bad topic", ERR_TOPIC, "tick@10, a@10, b@10, puback 90@10, puback 90@10", "up@10" },
        { "no QoS 1", ERR_REFUSED, "tick@10, a@10, drop@10", "up@10, a@10, b@10" },
        { "a fault of the socket", ERR_IO, "tick@10, a@10, drop@10", "up@10, a@10, b@10" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        set_up(state);
        scene.up = true;
        scene.publish_fault = rows[i].fault;
        scene.act = publish_two;
        daemon_step(&scene.daemon, (struct input){ .kind = INPUT_TICK });
        (void)daemon_turn(&scene.daemon);
        expect(rows[i].now);
        scene.publish_fault = OK;
        scene.up = false;
        broker_link_events.down(scene.daemon.link, "lost");
        expect("down@10");
        link_up();
        expect(rows[i].later);
        tear_down(state);
    }
}

static void publish_many(struct outbox *outbox)
{
    for (unsigned i = 0; i <= SEND_QUEUE_INFLIGHT; i++)
        outbox_publish(outbox, &(struct publish){ .topic = i < SEND_QUEUE_INFLIGHT ? "many" : "last", .qos = 1 });
}

/* As many are under way as a broker grants; an acknowledgement makes room for the next. */
static void an_acknowledgement_sends_the_next(void **state)
{
    (void)state;
    scene.act = publish_many;
    link_up();
    assert_null(strstr(buf_str(&scene.trace), "last"));
    buf_reset(&scene.trace);
    broker_link_events.acked(scene.daemon.link, 1, 0);
    expect("last@10");
    broker_link_events.acked(scene.daemon.link, 2, 0);
    expect("");
}

/* What cannot be sent makes room, too, for what may be no better: the loop has its turn in between. */
static void what_follows_the_unsendable_waits_for_a_turn(void **state)
{
    (void)state;
    scene.up = true;
    scene.publish_fault = ERR_TOO_LARGE;
    scene.act = publish_many;
    daemon_step(&scene.daemon, (struct input){ .kind = INPUT_STOP });
    assert_int_equal(daemon_turn(&scene.daemon), 0);
    assert_int_equal(daemon_turn(&scene.daemon), MS_NEVER);
}

static void subscribe_one(struct outbox *outbox)
{
    outbox_subscribe(outbox, &(struct subscribe){ .filter = "f" });
}

static void without_its_subscriptions_a_link_is_of_no_use(void **state)
{
    (void)state;
    scene.act = subscribe_one;
    link_up();
    expect("up@10, f@10");
    scene.act = subscribe_one;
    scene.subscribe_fault = ERR_IO;
    link_up();
    expect("up@10, f@10, drop@10");
    assert_false(scene.daemon.has_ended);
    scene.act = subscribe_one;
    scene.subscribe_fault = ERR_NOMEM; /* the next link may be as short */
    link_up();
    assert_true(scene.daemon.has_ended);
}

static void connect_with_a_will(struct outbox *outbox)
{
    outbox_connect(
        outbox,
        &(struct publish){
            .topic = "presence", .payload = TEXT("{}"), .qos = 1, .retain = true, .content_type = "application/json" });
}

static void reconnect(struct outbox *outbox)
{
    outbox_reconnect(outbox);
}

static void the_will_is_the_cores(void **state)
{
    struct publish will = { 0 };
    (void)state;
    scene.act = connect_with_a_will;
    assert_true(broker_link_events.will(scene.daemon.link, &will));
    assert_string_equal(will.topic, "presence");
    assert_string_equal(will.content_type, "application/json");
    assert_true(text_is(will.payload, "{}") && will.retain && will.qos == 1);
    expect("connecting@10");
}

static void a_renewed_link_comes_at_once(void **state)
{
    (void)state;
    link_up();
    scene.act = reconnect;
    daemon_step(&scene.daemon, (struct input){ .kind = INPUT_TICK });
    expect("up@10, tick@10, renew@10");
    assert_int_equal(broker_link_events.retry_in(scene.daemon.link, 5), 0);
    broker_link_events.down(scene.daemon.link, "to be made anew");
    expect("down@10");
}

/* Each change of the reason is a line, and so is the first failure after the link has worked. */
static void a_failure_is_logged_once(void **state)
{
    const struct {
        const char *why;
        void (*event)(void *user, const char *why);
        const char *text;
        bool is_new;
    } rows[] = {
        { "the first", broker_link_events.failed, "cannot connect: refused", true },
        { "the same", broker_link_events.failed, "cannot connect: refused", false },
        { "another", broker_link_events.failed, "cannot connect: no route", true },
        { "the first again", broker_link_events.failed, "cannot connect: refused", true },
        { "a loss", broker_link_events.down, "connection lost", true },
        { "the same loss, and nothing was sent between", broker_link_events.down, "connection lost", false },
        { "it had worked", NULL, NULL, false },
        { "so it is a loss again", broker_link_events.down, "connection lost", true },
    };
    int log = memfd_create("log", MFD_CLOEXEC), before = dup(STDERR_FILENO);
    off_t end = 0;
    (void)state;
    dup2(log, STDERR_FILENO);
    log_setup("test", "logfmt", "warning"); /* it opens the descriptor */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].event)
            rows[i].event(scene.daemon.link, rows[i].text);
        else
            broker_link_events.acked(scene.daemon.link, 1, 0);
        if ((lseek(log, 0, SEEK_END) > end) != rows[i].is_new) {
            dup2(before, STDERR_FILENO);
            fail_msg("%s", rows[i].why);
        }
        end = lseek(log, 0, SEEK_END);
    }
    dup2(before, STDERR_FILENO);
    close(before);
    close(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_ticks_when_that_is_due),
        TEST(what_is_in_the_socket_comes_first),
        TEST(what_goes_on_arriving_delays_a_tick_only_so_long),
        TEST(while_it_is_behind_each_turn_ticks_that_has_something_due),
        TEST(the_core_knows_since_when_more_arrives_than_is_read),
        TEST(a_burst_has_one_time),
        TEST(its_own_work_goes_on_before_it_sleeps),
        cmocka_unit_test(how_it_ends),
        TEST(it_does_not_tick_when_it_has_ended),
        TEST(a_request_has_effects),
        cmocka_unit_test(what_the_client_refuses),
        TEST(an_acknowledgement_sends_the_next),
        TEST(what_follows_the_unsendable_waits_for_a_turn),
        TEST(without_its_subscriptions_a_link_is_of_no_use),
        TEST(the_will_is_the_cores),
        TEST(a_failure_is_logged_once),
        TEST(a_renewed_link_comes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
