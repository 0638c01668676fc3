/* Any bytes as a topic, and as a root: what is parsed is built again byte by byte. */
#include "fuzz.h"
#include "topic.h"

#define ROOT "skep/v1"

static void run_topic(struct text text)
{
    struct topic topic = { .kind = TOPIC_KIND_COUNT };
    char built[TOPIC_SIZE];
    bool is_reply = topic_is_reply(ROOT, text);
    if (topic_parse(ROOT, text, &topic) != OK) {
        require(topic.kind == TOPIC_KIND_COUNT);
        return;
    }
    require(topic_build(ROOT, &topic, built) == OK && text_is(text, built));
    require((topic.kind == TOPIC_REPLY) == is_reply);
}

/* Every kind below any root that is accepted. */
static void run_root(struct text text)
{
    struct errbuf e = { 0 };
    enum err err = topic_root_check(text, &e);
    require((err == OK) == (e.text[0] == '\0'));
    if (err != OK)
        return;
    char root[TOPIC_ROOT_MAX + 1], built[TOPIC_SIZE];
    memcpy(root, text.at, text.len);
    root[text.len] = '\0';
    for (enum topic_kind kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        struct topic topic = { kind, .parts = { TEXT("h"), TEXT("w"), TEXT("q"), TEXT("m"), TEXT("c") } };
        require(topic_build(root, &topic, built) == OK);
        require(topic_parse(root, text_of(built), &topic) == OK && topic.kind == kind);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text text = { (const char *)bytes, len };
    run_topic(text);
    run_root(text);
    return 0;
}
