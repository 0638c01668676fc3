#include "queen_asked.h"

void scene_acked(struct scene *scene, uint64_t token, const char *reason)
{
    scene_step(scene,
               (struct input){ .kind = INPUT_ACKED, .token = token, .reason = (uint8_t)strtoul(reason, NULL, 16) });
}

void scene_reply(struct scene *scene, const char *correlation, const char *payload)
{
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE,
                                      .message = &(struct message){ .topic = TEXT("skep/v1-rpc/reply/skep:q:queen"),
                                                                    .payload = text_of(payload),
                                                                    .correlation = text_of(correlation) } });
}

void do_vack(struct scene *scene, const char *args)
{
    scene_acked(scene, scene->verify.token, args);
}

void do_pack(struct scene *scene, const char *args)
{
    scene_acked(scene, scene->poll.token, args);
}

void do_qack(struct scene *scene, const char *args)
{
    scene_acked(scene, scene->question.token, args);
}

void do_qreply(struct scene *scene, const char *args)
{
    (void)args;
    scene_reply(scene, scene->question.correlation, "{}");
}

void do_answer(struct scene *scene, const char *work)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"result\":{\"nonce\":\"%s\",\"work\":\"%s\"}}", scene->nonce, work);
    scene_reply(scene, scene->verify.correlation, payload);
}

void do_health(struct scene *scene, const char *args)
{
    const char *other = strchr(args, ' ');
    char payload[256];
    snprintf(payload, sizeof payload, "{\"result\":{\"status\":\"%.4s\",\"serviceId\":\"%s%s\"}}", args,
             other ? "" : "hive/", other ? other + 1 : scene->hive);
    scene_reply(scene, scene->poll.correlation, payload);
}

void do_demand(struct scene *scene, const char *args)
{
    char path[256];
    (void)args;
    snprintf(path, sizeof path, "/v1/hives/%s/workers/%s/verify", scene->hive, scene->worker);
    (void)scene_http(scene, &(struct http_request){ .method = "POST", .path = path, .received_at = scene->now });
}

void do_witness(struct scene *scene, const char *args)
{
    char doc[512];
    unsigned session = (unsigned)strtoul(args, NULL, 10);
    snprintf(doc, sizeof doc,
             "{\"state\":\"backoff\",\"last_exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"session\":\"%016llx\","
             "\"asked_for\":%s}}",
             (unsigned long long)SCENE_SESSION + session, strstr(args, "asked") ? "true" : "false");
    scene_hear(scene, "witness", doc);
}

void do_http(struct scene *scene, const char *args)
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
