/* Any bytes as a message: a refusal has a sentence, what is accepted comes back the same after it was written, and
 * cJSON reads the same values. */
#include "../unit/json_reference.h"
#include "codec.h"
#include "fuzz.h"
#include "json_write.h"

/* One kind of message: decodes, and writes what was read. */
typedef enum err (*rewrite_fn)(struct arena *arena, struct text json, struct buf *ret, struct errbuf *e);

static enum err heartbeat_rewrite(struct arena *arena, struct text json, struct buf *ret, struct errbuf *e)
{
    struct heartbeat heartbeat;
    enum err err = heartbeat_decode(arena, json, &heartbeat, e);
    if (err != OK)
        return err;
    require(heartbeat.status && text_is_id(text_of(heartbeat.status)));
    require(heartbeat.lease_ms == INT_ABSENT || heartbeat.lease_ms >= 3 * heartbeat.interval_ms);
    heartbeat_encode(&heartbeat, ret);
    return OK;
}

static enum err presence_rewrite(struct arena *arena, struct text json, struct buf *ret, struct errbuf *e)
{
    struct presence presence;
    enum err err = presence_decode(arena, json, &presence, e);
    if (err != OK)
        return err;
    require(presence_state_name(presence.presence));
    presence_encode(&presence, ret);
    return OK;
}

static enum err witness_rewrite(struct arena *arena, struct text json, struct buf *ret, struct errbuf *e)
{
    struct witness witness;
    enum err err = witness_decode(arena, json, &witness, e);
    if (err != OK)
        return err;
    require(witness_state_name(witness.state));
    witness_put(&witness, &(struct json_write){ .buf = ret });
    return OK;
}

static enum err hive_heartbeat_rewrite(struct arena *arena, struct text json, struct buf *ret, struct errbuf *e)
{
    struct hive_heartbeat heartbeat;
    enum err err = hive_heartbeat_decode(arena, json, &heartbeat, e);
    if (err != OK)
        return err;
    require(hive_status_name(heartbeat.status));
    hive_heartbeat_encode(&heartbeat, ret);
    return OK;
}

/* What is written can be read and is then written the same. Numbers may have grown: 1e9 has ten digits. */
static void run(rewrite_fn rewrite, struct text json)
{
    struct errbuf e = { 0 };
    struct buf first = BUF_INIT, second = BUF_INIT;
    struct arena arena;
    arena = (struct arena){ 0 };
    enum err err = rewrite(&arena, json, &first, &e);
    require((err == OK) == (e.text[0] == '\0') && text_is_utf8(text_of(e.text)));
    require(err == OK || first.len == 0);
    if (err == OK && first.len <= MSG_MAX_BYTES) {
        require(rewrite(&arena, buf_text(&first), &second, &e) == OK);
        require(text_equal(buf_text(&first), buf_text(&second)));
    }
    buf_clear(&first);
    buf_clear(&second);
    arena_clear(&arena);
}

static void run_notice(struct text json)
{
    struct verdict_notice notice;
    struct arena arena;
    arena = (struct arena){ 0 };
    if (verdict_notice_decode(&arena, json, &notice, NULL) == OK)
        require(notice.state && text_is_id(text_of(notice.state)));
    arena_clear(&arena);
}

static void run_verdict(struct text json)
{
    struct verdict verdict;
    struct arena arena;
    arena = (struct arena){ 0 };
    if (verdict_decode(&arena, json, &verdict, NULL) == OK)
        require(verdict.state && verdict.event_id >= 0 && (verdict.evidence.known || !verdict.evidence.exit.known));
    arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text json = { (const char *)bytes, len };
    enum err err;
    require(json_scan_agrees(json, &err));
    run(heartbeat_rewrite, json);
    run(presence_rewrite, json);
    run(witness_rewrite, json);
    run(hive_heartbeat_rewrite, json);
    run_notice(json);
    run_verdict(json);
    return 0;
}
