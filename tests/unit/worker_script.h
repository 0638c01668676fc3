/* worker_script.h - drives a worker core by hand: a clock, inputs, and the effects as lines of text. */
#ifndef TEST_WORKER_SCRIPT_H
#define TEST_WORKER_SCRIPT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec.h"
#include "member.h"
#include "worker.h"

#define SCRIPT_SESSION 0x1111111111111111u
#define SCRIPT_WALL 1700000000000
#define PRESENCE_TOPIC "skep/v1/hive/h/worker/w/presence"
#define HEARTBEAT_TOPIC "skep/v1/hive/h/worker/w/heartbeat"
#define REQUEST_TOPIC "skep/v1-rpc/hive/h/worker/w/"
#define REPLY_TOPIC "skep/v1-rpc/reply/me"

/* Tokens. */
#define HEARTBEAT member_token(MEMBER_TOKEN_BEAT)
#define BIRTH member_token(MEMBER_TOKEN_BIRTH)
#define FAREWELL member_token(MEMBER_TOKEN_GOODBYE)
#define REQUESTS member_token(MEMBER_TOKEN_REQUESTS)

struct script {
    struct worker *worker;
    struct facts facts;
    struct outbox outbox;
    struct buf trace;
    ms_t now;
};

void script_init(struct script *s, ms_t interval);
void script_clear(struct script *s);
struct worker_view script_view(const struct script *s);

/* Feeds one input at the present time; the effects stay readable until the next one. */
void feed(struct script *s, struct input input);

/* The same for what the program wants. */
void take(struct script *s, struct worker_input input);

void expect(struct script *s, const char *trace);
void tick(struct script *s);

/* Lets the time pass until the deadline, and ticks. Returns how long that took. */
ms_t pass(struct script *s);

void tell(struct script *s);
void set_status(struct script *s, const char *status);
void message(struct script *s, const char *topic, const char *payload, bool retain);
void ack(struct script *s, uint64_t token, uint8_t reason);
void up(struct script *s);
void down(struct script *s, enum input_kind kind);
void leave(struct script *s, const struct exit_info *exit, ms_t timeout);

/* A worker whose link is up and whose birth and first heartbeat are acknowledged. */
void script_online(struct script *s, ms_t interval);

#endif
