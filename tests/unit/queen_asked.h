/* queen_asked.h - verbs of queen_script.h: what came of what she asked, and who asks her. */
#ifndef TEST_QUEEN_ASKED_H
#define TEST_QUEEN_ASKED_H

#include "queen_fixture.h"

void scene_acked(struct scene *scene, uint64_t token, const char *reason);
void scene_reply(struct scene *scene, const char *correlation, const char *payload);

/* PUBACK of the last verify request, and the answer to it. */
void do_vack(struct scene *scene, const char *args);

/* PUBACK of the last health request. */
void do_pack(struct scene *scene, const char *args);

/* PUBACK of the last question to a hive whose workers are lost, and the answer to it. */
void do_qack(struct scene *scene, const char *args);
void do_qreply(struct scene *scene, const char *args);

void do_answer(struct scene *scene, const char *work);

/* The hive's answer to the last health request: `health pass`, or of another: `health pass hive/h2`. */
void do_health(struct scene *scene, const char *args);

/* Somebody asks for a verification; the queen begins it with her next tick. */
void do_demand(struct scene *scene, const char *args);

/* Its hive saw the process of a session end: `witness 1` unasked, `witness 1 asked`. */
void do_witness(struct scene *scene, const char *args);

/* The answer to the last GET, of the worker or hive of the step: `http 200 pass`, `http 503 fail`, `http 0` for none,
 * or of another: `http 200 pass worker/h/w`. */
void do_http(struct scene *scene, const char *args);

#endif
