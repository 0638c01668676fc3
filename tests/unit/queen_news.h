/* queen_news.h - what fleets say to a queen whose broker takes events, or does not: for tests of what is announced. */
#ifndef TEST_QUEEN_NEWS_H
#define TEST_QUEEN_NEWS_H

#include "queen_fixture.h"
#include "queen_script.h"
#include "rations.h"

#define FLEET (RATION_NEWS + 500)

static inline void say(struct scene *scene, const char *hive, unsigned worker, const char *payload, size_t unsent)
{
    char topic[TOPIC_SIZE];
    struct message message = { .payload = text_of(payload) };
    snprintf(topic, sizeof topic, "skep/v1/hive/%s/worker/w%u/presence", hive, worker);
    message.topic = text_of(topic);
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE, .message = &message, .unsent = unsent });
}

#define BIRTH_OF(session) "{\"presence\":\"online\",\"session\":\"000000000000000" session "\",\"connection\":1}"
#define CRASH_OF(session)                                                                                             \
    "{\"presence\":\"stale\",\"cause\":\"process_exited\",\"session\":\"000000000000000" session "\",\"connection\":" \
    "1}"
#define BIRTH BIRTH_OF("1")
#define CRASH CRASH_OF("1")
#define GOODBYE "{\"presence\":\"offline\",\"cause\":\"goodbye\",\"session\":\"0000000000000001\",\"connection\":1}"
#define BUSY 100000 /* events that the broker has not taken */
#define ROOM 50     /* ... of which so many may wait (announcing.c) */

static inline void say_of_all(struct scene *scene, const char *hive, const char *payload)
{
    for (unsigned i = 0; i < FLEET; i++)
        say(scene, hive, i, payload, 0);
}

static inline void begin(struct scene *scene)
{
    struct queen_options options = scene_options;
    options.max_workers = 3 * FLEET;
    scene_init_with(scene, &options);
    scene_run(scene, "up");
}

static inline unsigned owed(const struct scene *scene)
{
    return (unsigned)announce_count(&scene->queen->announcing);
}

static inline struct record *worker(struct scene *scene, unsigned number)
{
    char name[16];
    snprintf(name, sizeof name, "w%u", number);
    return registry_find(&scene->queen->registry, TEXT("h1"), text_of(name));
}

#endif
