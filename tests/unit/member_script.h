/* member_script.h - drives a member by hand: a clock, inputs, and its effects as a trace. */
#ifndef TEST_MEMBER_SCRIPT_H
#define TEST_MEMBER_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec.h"
#include "member.h"

#define OWN 0xA
#define START 5000
#define STALE_OF(session, connection) \
    "{\"presence\":\"stale\",\"session\":\"000000000000000" session "\",\"connection\":" connection "}"

/* A member between a core and a broker. Its trace is what it does, then what it hands to its core. */
struct scene {
    struct member member;
    struct outbox outbox;
    struct arena arena;
    struct buf trace;
    ms_t now;
    uint64_t claim; /* token of the request who holds the id */
};

void scene_init(struct scene *scene, enum member_role role);
void scene_clear(struct scene *scene);

void scene_look(struct scene *scene, enum member_event event);
void scene_step(struct scene *scene, struct input input);
void scene_ack(struct scene *scene, uint64_t token, uint8_t reason);
void scene_refuse(struct scene *scene, enum member_token token);
void scene_hear(struct scene *scene, const char *payload, bool stored);
void scene_wait(struct scene *scene, ms_t left);
void scene_leave(struct scene *scene, ms_t until);

/* The trace, which is empty then. */
void scene_expect(struct scene *scene, const char *why, const char *want);

void scene_connect(struct scene *scene);
void scene_go_online(struct scene *scene); /* a worker, which needs no check */

#endif
