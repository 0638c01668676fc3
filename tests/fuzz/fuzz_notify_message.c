/* A datagram of any kind: nothing crashes, a refusal has a sentence, and what is handed on is bounded, UTF-8 and, as
 * JSON, whole. */
#include "fuzz.h"
#include "json.h"
#include "notify_message.h"

static void field_expect(const struct notify_field *field, struct arena *arena)
{
    struct buf json = BUF_INIT;
    struct errbuf e = { 0 };
    struct cJSON *tree;
    enum err err = notify_field_json(field, &json, &e);
    require((err == OK) == (e.text[0] == '\0'));
    require(err != OK || json_parse(arena, buf_text(&json), &tree, NULL) == OK);
    buf_clear(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const statuses[] = { "idle", "starting", "loading", "busy" };
    struct text datagram = { (const char *)bytes, len };
    struct notify_message message = { 0 };
    struct errbuf e = { 0 };
    struct arena arena;
    notify_message_parse(datagram, &message, &e);
    require((message.skipped == 0) == (e.text[0] == '\0'));
    require(message.status.len <= NOTIFY_STATUS_MAX && text_is_utf8(message.status));
    require(message.field_count <= NOTIFY_FIELDS_MAX && message.watchdog_limit >= 0 && message.more_time >= 0 &&
            message.main_pid >= 0);
    arena = (struct arena){ 0 };
    for (size_t i = 0; i < message.field_count; i++)
        field_expect(&message.fields[i], &arena);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        const char *status = notify_status(statuses[i], len % 2, &message);
        require(!status || strcmp(status, statuses[i]) != 0 || message.phase != NOTIFY_NO_PHASE);
    }
    arena_clear(&arena);
    return 0;
}
