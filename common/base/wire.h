/* wire.h - what goes over MQTT and HTTP, as bytes: the structs that layers which move bytes share with those that know
 * what they say. Everything is borrowed unless said otherwise. */
#ifndef SKEP_WIRE_H
#define SKEP_WIRE_H

#include "buf.h"

/* Reason codes of MQTT 5. */
#define MQTT_NO_SUBSCRIBER 0x10
#define MQTT_FAILED 0x80 /* from here on: failures */
#define MQTT_NOT_AUTHORIZED 0x87
#define MQTT_BAD_TOPIC 0x90
#define MQTT_TOO_LARGE 0x95

/* What is known of a link that is up. Zero: nothing, and whatever there may be to lack is there. */
struct link_facts {
    ms_t connect_ms;                         /* from the first SYN to CONNACK */
    uint32_t packet_max;                     /* bytes of the largest packet that the broker takes */
    uint16_t receive_max;                    /* so many of QoS 1 may be unacknowledged */
    bool no_retain, no_wildcards, qos0_only; /* the broker offers no retained messages; no QoS above 0 */
};

/* So many user properties of a message are read; none of ours has any. What stands behind more of them is not. */
#define MESSAGE_PROPERTIES_MAX 64

/* A PUBLISH received; borrowed during the call that hands it over. */
struct message {
    struct text topic, payload;
    bool retain;         /* a stored copy */
    unsigned properties; /* user properties, up to MESSAGE_PROPERTIES_MAX + 1: that many, or more */
    bool has_expiry;
    uint32_t expiry_s;                       /* what is left; 0 without has_expiry */
    struct text response_topic, correlation; /* absent = none */
};

#define MESSAGE_COST_PROPERTY 64        /* as in message_cost: it takes 50 ns, and three blocks of memory */
#define MESSAGE_COST_CROWDED (64 << 10) /* of more than are read: 13,000 of them, in 64 KiB, take 0.6 ms */

/* What it takes to receive it beside its topic, as bytes of payload. */
static inline size_t message_cost(const struct message *message)
{
    return message->payload.len + (message->properties > MESSAGE_PROPERTIES_MAX
                                       ? MESSAGE_COST_CROWDED
                                       : message->properties * MESSAGE_COST_PROPERTY);
}

/* A PUBLISH to be sent, or a will. */
struct publish {
    const char *topic;
    struct text payload;
    uint8_t qos;
    bool retain;
    bool urgent;                /* goes ahead of what is queued */
    const char *content_type;   /* NULL = none; given: payload format 1 is set too */
    uint32_t expiry_s;          /* 0 = none */
    const char *response_topic; /* NULL = none */
    struct text correlation;    /* absent = none */
    uint64_t token;             /* handed back with PUBACK (QoS 1) and its reason code; 0 = not wanted */
    uint64_t event; /* its id, which is noted if it is dropped (send_queue.h); of a retained message that of the
                     * event before it; 0 = none */
    unsigned party; /* for whom it is, or of whom, as a hash: all but events take turns by it; 0 = itself */
};

/* It comes of somebody else's request, and how many of those there are is not ours to choose. */
static inline bool publish_is_reply(const struct publish *publish)
{
    return publish->urgent && !publish->retain && publish->token == 0;
}

/* How many bytes all that it points to takes, terminated; and a copy of it that lies in so many at `at`. */
size_t publish_size(const struct publish *publish);
struct publish publish_copy(const struct publish *publish, char *at);

/* Bytes of its PUBLISH of MQTT 5, or somewhat more. */
size_t publish_packet_size(const struct publish *publish);

#define RETAIN_ALWAYS 0 /* stored copies are sent, also when the subscription exists */
#define RETAIN_NEVER 2

struct subscribe {
    const char *filter;
    uint8_t qos;
    bool no_local;
    uint8_t retain_handling; /* RETAIN_..., or 1: if it is new */
    uint64_t token;          /* handed back with SUBACK and its reason code; 0 = not wanted */
};

/* A request to a server here. */
struct http_request {
    const char *method, *path;                /* path as received (percent-encoded), without the query */
    struct text query, body;                  /* query without '?'; absent = none */
    const char *content_type, *authorization; /* NULL = none */
    const char *accept, *host;                /* likewise; the host is one of this server */
    bool cross_site;                          /* a browser sends it for a page of another site */
    ms_t received_at;                         /* monotonic: when it was first handled */
    bool timed_out;                           /* the wait that its handler requested is over: answer now */
};

struct listing;
struct http_response {
    int status;
    const char *content_type, *allow, *authenticate; /* static; NULL = none */
    struct buf body;                                 /* taken by the server, else the caller clears it */
    struct listing *listing; /* NULL: `body` is all of it; else what follows in slices. Taken by the server */
    unsigned wakes_on;       /* for a request that waits: bits of the handler's own meaning */
};

/* What came of a GET to another server. */
struct http_answer {
    int status;        /* any that a server gives, redirects too; 0 = no answer */
    struct text body;  /* complete */
    const char *fault; /* with status 0: one sentence, printable */
};

#endif
