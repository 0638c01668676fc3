#include "verify_reply.h"

#include "json.h"

/* What the worker said of its work; that it answers at all, also with an error, shows that it lives. */
enum verify_result verify_reply_read(struct arena *arena, uint64_t token, struct text payload)
{
    const struct cJSON *result;
    const char *nonce, *work;
    struct cJSON *document;
    char expected[HEX64_SIZE];
    if (payload.len > MSG_MAX_BYTES || json_parse(arena, payload, &document, NULL) != OK)
        return VERIFY_NO_REPLY;
    result = json_member(document, "result");
    if (!result)
        return json_member(document, "error") ? VERIFY_UNKNOWN : VERIFY_NO_REPLY;
    hex64_to_text(token, expected);
    nonce = json_string(json_member(result, "nonce"));
    work = json_string(json_member(result, "work"));
    if (!nonce || !work || strcmp(nonce, expected) != 0)
        return VERIFY_NO_REPLY;
    return strcmp(work, "ok") == 0 ? VERIFY_OK : strcmp(work, "stalled") == 0 ? VERIFY_STALLED : VERIFY_UNKNOWN;
}
