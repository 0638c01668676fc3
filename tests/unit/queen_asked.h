/* queen_asked.h - verbs of queen_script.h: what came of what she asked, and who asks her. */
#ifndef TEST_QUEEN_ASKED_H
#define TEST_QUEEN_ASKED_H

#include "queen_fixture.h"

static inline void scene_acked(struct scene *scene, uint64_t token, const char *reason)
{
    scene_step(scene,
               (struct input){ .kind = INPUT_ACKED, .token = token, .reason = (uint8_t)strtoul(reason, NULL, 16) });
}

static inline void scene_reply(struct scene *scene, const char *correlation, const char *payload)
{
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE,
                                      .message = &(struct message){ .topic = TEXT("skep/v1-rpc/reply/skep:q:queen"),
                                                                    .payload = text_of(payload),
                                                                    .correlation = text_of(correlation) } });
}

/* PUBACK of the last verify request, and the answer to it. */
static inline void do_vack(struct scene *scene, const char *args)
{
    scene_acked(scene, scene->verify.token, args);
}

/* PUBACK of the last health request. */
static inline void do_pack(struct scene *scene, const char *args)
{
    scene_acked(scene, scene->poll.token, args);
}

static inline void do_answer(struct scene *scene, const char *work)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"result\":{\"nonce\":\"%s\",\"work\":\"%s\"}}", scene->nonce, work);
    scene_reply(scene, scene->verify.correlation, payload);
}

/* The hive's answer to the last health request: `health pass`, or of another: `health pass hive/h2`. */
static inline void do_health(struct scene *scene, const char *args)
{
    const char *other = strchr(args, ' ');
    char payload[256];
    snprintf(payload, sizeof payload, "{\"result\":{\"status\":\"%.4s\",\"serviceId\":\"%s%s\"}}", args,
             other ? "" : "hive/", other ? other + 1 : scene->hive);
    scene_reply(scene, scene->poll.correlation, payload);
}

/* Somebody asks for a verification; the queen begins it with her next tick. */
static inline void do_demand(struct scene *scene, const char *args)
{
    char path[256];
    (void)args;
    snprintf(path, sizeof path, "/v1/hives/%s/workers/%s/verify", scene->hive, scene->worker);
    (void)scene_http(scene, &(struct http_request){ .method = "POST", .path = path, .received_at = scene->now });
}

/* Its hive saw the process of a session end: `witness 1` unasked, `witness 1 asked`. */
static inline void do_witness(struct scene *scene, const char *args)
{
    char doc[512];
    unsigned session = (unsigned)strtoul(args, NULL, 10);
    snprintf(doc, sizeof doc,
             "{\"state\":\"backoff\",\"last_exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"session\":\"%016llx\","
             "\"asked_for\":%s}}",
             (unsigned long long)SCENE_SESSION + session, strstr(args, "asked") ? "true" : "false");
    scene_hear(scene, "witness", doc);
}

/* The answer to the last GET, of the worker or hive of the step: `http 200 pass`, `http 503 fail`, `http 0` for none,
 * or of another: `http 200 pass worker/h/w`. */
static inline void do_http(struct scene *scene, const char *args)
{
    char body[512] = "", status[8] = "", service[256] = "";
    int code = 0;
    (void)sscanf(args, "%d %7s %255s", &code, status, service);
    if (!service[0])
        snprintf(service, sizeof service, "%s/%s%s%s", scene_is_of_hive(scene) ? "hive" : "worker", scene->hive,
                 scene_is_of_hive(scene) ? "" : "/", scene->worker);
    if (code)
        snprintf(body, sizeof body, "{\"status\":\"%s\",\"serviceId\":\"%s\"}", status, service);
    scene_step(scene, (struct input){
                          .kind = INPUT_HTTP_ANSWERED,
                          .token = scene->getting,
                          .answer = &(struct http_answer){ code, text_of(body), code ? NULL : "nobody is there" } });
}

#endif
