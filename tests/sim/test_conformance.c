/* The fake broker behaves as a real mosquitto: one table of scripts, run at both, and each client sees the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stage.h"
#include "words.h"

#define LARGE                                                                                                         \
    "{xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}" /* three of them are more than \
                                                                                          STAGE_QUEUE_BYTES */

/* Commands, one a line: connect C [at=edge] [as=ID] [will=TOPIC {..}], subscribe C FILTER [qos=N] [no-local]
 * [retain=N], publish C TOPIC [retained] [qos=N] [expiry=S] {..}, unsubscribe C FILTER, disconnect C, drop C, broker
 * stop|kill|start, edge stop|kill|start. */
static const struct {
    const char *why, *script;
} rows[] = {
    { "only stored copies have the retain flag",
      "connect a\nsubscribe a t\nconnect b\npublish b t retained {1}\nconnect c\nsubscribe c t" },
    { "an empty retained message removes the stored copy, and is seen live",
      "connect a\nsubscribe a t\npublish a t retained {1}\npublish a t retained ''\nconnect b\nsubscribe b t" },
    { "a stored copy tells that it expires", "connect a\npublish a t retained expiry=1000 {1}\nsubscribe a t" },
    { "a link that closes without DISCONNECT publishes its will, which is retained",
      "connect a\nsubscribe a w\nconnect b will=w {b}\ndrop b\nconnect c\nsubscribe c w" },
    { "DISCONNECT takes the will back",
      "connect a\nsubscribe a w\nconnect b will=w {b}\ndisconnect b\nconnect c\nsubscribe c w" },
    { "a client id in use: the older link ends, with its will",
      "connect a\nsubscribe a w\nconnect b as=x will=w {b}\nconnect c as=x will=w {c}\npublish c w {live}" },
    { "nobody subscribes: 0x10, retained or not", "connect a\npublish a t {1}\npublish a t retained {2}" },
    { "somebody subscribes: 0x00, until he is gone",
      "connect a\nconnect b\nsubscribe b t\npublish a t {1}\nunsubscribe b t\npublish a t {2}\nsubscribe b t\n"
      "publish a t {3}\ndrop b\npublish a t {4}" },
    { "somebody who watches everything counts", "connect a\nconnect b\nsubscribe b #\npublish a x/y {1}" },
    { "one's own subscription counts, also with No Local, which keeps the copy away",
      "connect a\nsubscribe a t no-local\npublish a t {1}\nsubscribe a u\npublish a u {2}" },
    { "one copy for each subscription that matches, one for the same filter given twice",
      "connect a\nsubscribe a t/+\nsubscribe a t/#\nconnect b\npublish b t/1 {1}\nsubscribe a t/+\npublish b t/1 {2}" },
    { "Retain Handling 0 sends stored copies each time, 1 for a new subscription only, 2 never",
      "connect a\npublish a t retained {1}\nsubscribe a t retain=2\nsubscribe a t retain=1\nsubscribe a t retain=0\n"
      "subscribe a t retain=0\nunsubscribe a t\nsubscribe a t retain=1" },
    { "a queue limit cuts what one SUBSCRIBE finds stored, without a word; the next one has it anew",
      "connect a\npublish a q/1 retained " LARGE "\npublish a q/2 retained " LARGE "\npublish a q/3 retained " LARGE
      "\npublish a q/4 retained " LARGE "\nconnect b\nsubscribe b q/+ qos=0\npublish a q/1 {live}\n"
      "subscribe b q/4 qos=0" },
    { "it counts what it has dropped, in a tree that wildcards do not show",
      "connect a\nsubscribe a # qos=0\nconnect b\nsubscribe b $SYS/broker/publish/messages/dropped qos=0" },
    { "a filter with + takes one level, # all that follow and none",
      "connect a\nsubscribe a a/+/c\nsubscribe a b/#\nconnect b\npublish b a/x/c {1}\npublish b a/c {2}\n"
      "publish b a/x/y/c {3}\npublish b b {4}\npublish b b/x/y {5}\npublish b bb {6}" },
    { "the order of one connection is kept, over topics too",
      "connect a\nsubscribe a #\nconnect b\npublish b z {1}\npublish b y qos=0 {2}\npublish b z {3}\npublish b x {4}" },
    { "the lower QoS of the two counts",
      "connect a\nsubscribe a t qos=0\nconnect b\npublish b t qos=1 {1}\nsubscribe a u qos=1\npublish b u qos=0 {2}" },
    /* At QoS 0: a PUBACK written to the stopping broker would reset the socket and lose what is unread. */
    { "SIGTERM: the wills of all, before the watcher's own link is closed; they stay retained",
      "connect a\nsubscribe a w/# qos=0\nconnect b will=w/b {b}\nconnect c will=w/c {c}\nbroker stop\nbroker start\n"
      "connect d\nsubscribe d w/b\nsubscribe d w/c" },
    { "SIGTERM: what is retained is kept", "connect a\npublish a t retained {1}\nbroker stop\nbroker start\nconnect b\n"
                                           "subscribe b t" },
    { "SIGKILL: no wills, and what is retained goes back to the last save, of which there was none",
      "connect a\nsubscribe a #\nconnect b will=w {b}\npublish b t retained {1}\nbroker kill\nbroker start\n"
      "connect c\nsubscribe c #" },
    { "no broker: refused", "broker stop\nconnect a\nbroker start\nconnect a" },
    { "a bridge takes what goes out, what goes in, and what goes both ways; nothing goes back where it came from",
      "connect a\nsubscribe a out/#\nsubscribe a in/#\nsubscribe a both/#\nsubscribe a other\nconnect b at=edge\n"
      "subscribe b out/#\nsubscribe b in/#\nsubscribe b both/#\nsubscribe b other\npublish a out/1 {1}\n"
      "publish a in/1 {2}\npublish a both/1 {3}\npublish a other {4}\npublish b out/1 {5}\npublish b in/1 {6}\n"
      "publish b both/1 {7}\npublish b other {8}" },
    { "what is retained is stored at the other broker, too; an empty one removes both; copies tell that they expire",
      "connect b at=edge\npublish b out/1 retained expiry=1000 {1}\npublish b out/2 retained {2}\n"
      "publish b out/2 retained ''\nconnect a\nsubscribe a out/1\nsubscribe a out/2\npublish a in/1 retained {3}\n"
      "subscribe b in/1" },
    { "the bridge is a subscriber: at the first broker of what goes in, at its own of what goes out, with a link or "
      "not",
      "connect a\nconnect b at=edge\npublish a in/1 {1}\npublish a out/1 {2}\npublish b in/1 {3}\npublish b out/1 {4}\n"
      "edge stop\npublish a in/1 {5}\nedge start\npublish a in/1 {6}\nbroker stop\npublish b out/1 {7}" },
    { "a new link: the copies stored at its own broker are published there live, with what is left of their expiry",
      "connect b at=edge\npublish b out/1 retained expiry=1000 {1}\npublish b out/2 {2}\nedge stop\nconnect a\n"
      "publish a out/1 retained ''\nsubscribe a out/#\nedge start\nconnect c\nsubscribe c out/#" },
    { "... and those stored there it gets, as stored ones", "connect b at=edge\nedge stop\nconnect a\npublish a in/1 "
                                                            "retained expiry=1000 {1}\nedge start\nconnect c at=edge\n"
                                                            "subscribe c in/#" },
    { "without a link what goes out is lost, but for what is retained",
      "connect b at=edge\nbroker stop\npublish b out/1 {1}\npublish b out/2 retained {2}\nbroker start\nconnect a\n"
      "subscribe a out/#" },
    { "a client of the edge dies: its will goes over the bridge",
      "connect a\nsubscribe a out/#\nconnect b at=edge will=out/b {b}\ndrop b\nconnect c\nsubscribe c out/b" },
    /* Of the wills of an edge that is stopped as many cross as the link takes before it ends, none to three: no row. */
    { "the edge is killed: none comes",
      "connect a\nsubscribe a out/#\nconnect b at=edge will=out/b {b}\nedge kill\nconnect c\nsubscribe c out/b" },
    { "the state of the bridge is retained at the first broker, and is its will",
      "connect a\nsubscribe a $SYS/broker/connection/edge/state\nedge stop\nedge start\nedge kill\nedge start" },
};

void stage_note_message(struct buf *notes, const struct publish *publish)
{
    buf_printf(notes, "%s %.*s q%u%s%s\n", publish->topic, (int)publish->payload.len,
               publish->payload.at ? publish->payload.at : "", publish->qos, publish->retain ? " stored" : "",
               publish->expiry_s ? " expires" : "");
}

static void do_connect(const struct stage_kind *kind, struct stage *stage, const struct words *words)
{
    char name = words_at(words, 1)[0];
    char id[2] = { name, '\0' };
    const char *topic = words_value(words, "will");
    struct publish will = { .topic = topic, .payload = text_of(words->payload), .qos = 1, .retain = true };
    kind->connect(stage, name, words_value(words, "at"), words_text(words, "as", id), topic ? &will : NULL);
}

static void do_subscribe(const struct stage_kind *kind, struct stage *stage, const struct words *words)
{
    struct subscribe subscribe = { .filter = words_at(words, 2),
                                   .qos = (uint8_t)words_number(words, "qos", 1),
                                   .no_local = words_has(words, "no-local"),
                                   .retain_handling = (uint8_t)words_number(words, "retain", 0) };
    kind->subscribe(stage, words_at(words, 1)[0], &subscribe);
}

static void do_publish(const struct stage_kind *kind, struct stage *stage, const struct words *words)
{
    struct publish publish = { .topic = words_at(words, 2),
                               .payload = text_of(words->payload),
                               .qos = (uint8_t)words_number(words, "qos", 1),
                               .retain = words_has(words, "retained"),
                               .expiry_s = (uint32_t)words_number(words, "expiry", 0) };
    kind->publish(stage, words_at(words, 1)[0], &publish);
}

static void do_line(const struct stage_kind *kind, struct stage *stage, const struct words *words)
{
    const char *verb = words_at(words, 0);
    char name = words_at(words, 1)[0];
    if (strcmp(verb, "connect") == 0)
        do_connect(kind, stage, words);
    else if (strcmp(verb, "subscribe") == 0)
        do_subscribe(kind, stage, words);
    else if (strcmp(verb, "publish") == 0)
        do_publish(kind, stage, words);
    else if (strcmp(verb, "unsubscribe") == 0)
        kind->unsubscribe(stage, name, words_at(words, 2));
    else if (strcmp(verb, "disconnect") == 0)
        kind->disconnect(stage, name);
    else if (strcmp(verb, "drop") == 0)
        kind->drop(stage, name);
    else if (strcmp(verb, "broker") == 0)
        kind->broker(stage, words_at(words, 1));
    else if (strcmp(verb, "edge") == 0)
        kind->edge(stage, words_at(words, 1));
    else
        fail_msg("no such command: %s", verb);
}

/* What each client saw, one after the other. */
static void play(const struct stage_kind *kind, const char *script, struct buf *ret)
{
    struct stage *stage = kind->open(strstr(script, "edge"));
    struct text rest = text_of(script);
    struct arena arena;
    assert_non_null(stage);
    arena = (struct arena){ 0 };
    while (rest.at) {
        struct words words;
        struct text line = text_split(&rest, '\n');
        assert_int_equal(words_split(&arena, arena_copy(&arena, line), &words), OK);
        do_line(kind, stage, &words);
        kind->settle(stage);
    }
    for (char name = 'a'; name < 'a' + STAGE_CLIENTS_MAX; name++)
        buf_printf(ret, "%c:\n%s", name, buf_str(kind->notes(stage, name)));
    kind->close(stage);
    arena_clear(&arena);
}

static void the_fake_broker_is_like_a_real_one(void **state)
{
    unsigned different = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf fake = BUF_INIT, real = BUF_INIT;
        play(&stage_fake, rows[i].script, &fake);
        play(&stage_real, rows[i].script, &real);
        if (strcmp(buf_str(&fake), buf_str(&real)) != 0) {
            print_error("%s\n--- fake\n%s--- real\n%s\n", rows[i].why, buf_str(&fake), buf_str(&real));
            different++;
        }
        buf_clear(&fake);
        buf_clear(&real);
    }
    assert_int_equal(different, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_fake_broker_is_like_a_real_one) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
