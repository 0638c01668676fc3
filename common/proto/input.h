/* input.h - what a core is told by its driver: one at a time, each with the time. The other half is outbox.h. Pure.
 *
 * A driver hands over all that lies in the socket before INPUT_TICK: a late heartbeat that has arrived already wins
 * over the limit that it would miss. */
#ifndef SKEP_INPUT_H
#define SKEP_INPUT_H

#include "id_range.h"
#include "wire.h"

enum input_kind {
    INPUT_TICK,          /* the deadline passed (or nothing did) */
    INPUT_CONNECTING,    /* a CONNECT is about to be made: answered by one EFFECT_CONNECT with its will */
    INPUT_LINK_UP,       /* CONNACK was fine; facts */
    INPUT_LINK_DOWN,     /* an established link ended; why */
    INPUT_LINK_FAILED,   /* an attempt to connect failed; why */
    INPUT_PACKET,        /* something came from the broker: once per burst, before its messages */
    INPUT_SUBSCRIBED,    /* SUBACK: token, reason */
    INPUT_ACKED,         /* PUBACK, or the client cannot send it: token, reason */
    INPUT_MESSAGE,       /* message */
    INPUT_HTTP_ANSWERED, /* token, answer: what came of an EFFECT_HTTP_GET */
    INPUT_STOP,          /* say goodbye and end: EFFECT_DISCONNECT and EFFECT_EXIT follow */
};

/* Everything is borrowed during the step. */
struct input {
    enum input_kind kind;
    ms_t now;             /* monotonic */
    ms_t wall;            /* unix; shown, never judged by */
    const char *why;      /* one sentence */
    size_t unsent;        /* events that wait for the broker to take them */
    size_t unsent_states; /* the same of retained messages */
    ms_t behind;          /* for so long more has arrived than was read */
    uint64_t dropped;     /* messages that were not sent since too many waited, ever */
    struct id_range lost; /* events among them, since the input before */
    uint64_t token;
    uint8_t reason;
    const struct link_facts *facts; /* NULL: nothing is known */
    const struct message *message;
    const struct http_answer *answer;
};

#endif
