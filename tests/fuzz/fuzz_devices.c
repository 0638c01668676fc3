/* A devices.ini, a line of dashes, then lines of TOPIC TAB PAYLOAD, with a `!` before those that are stored: what is
 * accepted subscribes to nothing of the queen's own, no two names share an id, and whatever comes leaves the queen
 * whole. */
#include "device_name.h"
#include "device_section.h"
#include "device_table.h"
#include "fuzz.h"
#include "inifile.h"
#include "queen_check.h"

#define ROOT "skep/v1"

static enum err take(void *user, const char *section, const char *key, const char *value, int line, struct errbuf *e)
{
    enum err err = devices_key(user, section, key, value, line, e);
    require((err == OK) == (e->text[0] == '\0'));
    return err;
}

static void check_table(const struct devices *devices)
{
    require(devices->stored_count <= devices->filter_count && devices->count <= DEVICES_MAX);
    for (size_t i = 0; i < devices->filter_count; i++)
        require(!device_filter_is_below(devices->filters[i], ROOT) && !strchr(devices->filters[i], '#'));
    for (size_t i = 0; i < devices->count; i++) {
        const struct device_section *section = &devices->sections[i];
        require(text_is_id(text_of(section->hive)) && section->topics.count > 0);
        require(section->levels >= 1 && section->levels <= DEVICE_LEVELS_MAX && section->stale_after > 0);
    }
}

static void check_name(struct text name)
{
    char id[NAME_SIZE], back[DEVICE_TABLE_NAME_SIZE];
    if (device_name_to_id(name, id, NULL) != OK)
        return;
    require(text_is_id(text_of(id)) && device_table_name_of(text_of(id), back) && text_is(name, back));
}

/* A queen at a broker that grants and acknowledges all, and at which nobody else is. */
struct life {
    struct queen *queen;
    struct outbox outbox;
    ms_t now;
};

static void put(struct life *life, struct input input)
{
    input.now = input.wall = life->now;
    queen_step(life->queen, &input, &life->outbox);
    (void)queen_deadline(life->queen);
}

/* What is published to its own reply topic comes back. Nothing is published on topics of others. */
static void take_publish(struct life *life, const struct publish *publish)
{
    struct message message = { .topic = text_of(publish->topic),
                               .payload = publish->payload,
                               .correlation = publish->correlation };
    bool is_own = text_is(message.topic, life->queen->member.reply_topic);
    require(strncmp(publish->topic, ROOT, strlen(ROOT)) == 0);
    if (publish->token)
        put(life, (struct input){ .kind = INPUT_ACKED, .token = publish->token, .reason = is_own ? 0 : 0x10 });
    if (is_own)
        put(life, (struct input){ .kind = INPUT_MESSAGE, .message = &message });
}

static void settle(struct life *life)
{
    for (int rounds = 0; life->outbox.first && rounds < 100; rounds++) {
        struct outbox seen = life->outbox;
        life->outbox = (struct outbox){ 0 };
        for (const struct effect *effect = seen.first; effect; effect = effect->next)
            if (effect->kind == EFFECT_SUBSCRIBE && effect->subscribe.token)
                put(life, (struct input){ .kind = INPUT_SUBSCRIBED, .token = effect->subscribe.token });
            else if (effect->kind == EFFECT_PUBLISH)
                take_publish(life, &effect->publish);
        outbox_clear(&seen);
    }
    queen_check(life->queen);
}

static void step(struct life *life, struct input input)
{
    put(life, input);
    settle(life);
}

static void pass(struct life *life, ms_t time)
{
    for (ms_t end = life->now + time; life->now < end; life->now += 500) {
        step(life, (struct input){ .kind = INPUT_PACKET });
        step(life, (struct input){ .kind = INPUT_TICK });
    }
}

static void connect(struct life *life)
{
    step(life, (struct input){ .kind = INPUT_CONNECTING });
    step(life, (struct input){ .kind = INPUT_LINK_UP });
}

static void lose(struct life *life)
{
    step(life, (struct input){ .kind = INPUT_LINK_DOWN });
    connect(life);
}

static void receive(struct life *life, const struct devices *devices, struct text line)
{
    struct message message = { .retain = text_skip(&line, TEXT("!")), .payload = line };
    struct device_match match;
    message.topic = text_split(&message.payload, '\t');
    if (!message.payload.at)
        message.payload = TEXT("");
    if (devices_match(devices, message.topic, &match))
        check_name(match.name);
    step(life, (struct input){ .kind = INPUT_MESSAGE, .message = &message });
}

static void run_line(struct life *life, const struct devices *devices, struct text line)
{
    if (text_is(line, "~"))
        pass(life, 40000);
    else if (text_is(line, "-"))
        lose(life);
    else
        receive(life, devices, line);
    pass(life, 500);
}

static void run(const struct devices *devices, struct text lines)
{
    struct queen_options options = { .root = ROOT,
                                     .id = "q",
                                     .session = 1,
                                     .keep_alive = 5000,
                                     .stale_after = 90000,
                                     .confirm_wait = 250,
                                     .return_grace = 35000,
                                     .verify_timeout = 5000,
                                     .max_workers = 8,
                                     .max_document_bytes = 4096,
                                     .devices = devices };
    struct life life = { .now = 1000 };
    if (queen_new(&options, life.now, life.now, &life.queen, NULL) != OK)
        return;
    connect(&life);
    lose(&life); /* the first link finds out that nobody else holds its id */
    require(queen_sees(life.queen));
    for (int count = 0; lines.at && count < 50; count++)
        run_line(&life, devices, text_split(&lines, '\n'));
    queen_free(life.queen);
    outbox_clear(&life.outbox);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char border[] = "\n---\n";
    struct text ini = { (const char *)bytes, len }, lines = { 0 };
    const char *at = memmem(bytes, len, border, sizeof border - 1);
    struct devices devices;
    struct errbuf e = { 0 };
    enum err err;
    if (at) {
        ini.len = (size_t)(at - ini.at);
        lines = (struct text){ at + sizeof border - 1, len - ini.len - (sizeof border - 1) };
    }
    devices_init(&devices, ROOT);
    if ((err = inifile_parse_text(ini, "f", take, &devices, &e)) == OK)
        err = devices_finish(&devices, "f", &e);
    require((err == OK) == (e.text[0] == '\0'));
    if (err == OK) {
        check_table(&devices);
        run(&devices, lines);
    }
    devices_clear(&devices);
    return 0;
}
