#include "feed_fields.h"

#include "json_scan.h"
#include "json_write.h"

static const char *const map_names[FEED_MAP_COUNT] = { [FEED_METRICS] = "metrics", [FEED_LABELS] = "labels" };

static size_t find(const struct feed_fields *fields, enum feed_map map, struct text name)
{
    size_t i = 0;
    while (i < fields->count && (fields->names[i].map != map || !text_is(name, fields->names[i].name)))
        i++;
    return i;
}

static enum err set(struct feed_fields *fields, enum feed_map map, const struct json_value *value, struct errbuf *e)
{
    size_t at = find(fields, map, value->key);
    if (value->type == JSON_NULL) {
        if (at < fields->count)
            fields->names[at] = fields->names[--fields->count];
        return OK;
    }
    if (at < fields->count)
        return OK;
    if (value->key.len > MSG_KEY_MAX)
        return err_set(e, ERR_RANGE, "a name of more than %d bytes", MSG_KEY_MAX);
    if (at == ARRAY_LEN(fields->names))
        return err_set(e, ERR_FULL, "more than %zu names", ARRAY_LEN(fields->names));
    fields->names[at].map = (uint8_t)map;
    memcpy(fields->names[at].name, value->key.at, value->key.len);
    fields->names[at].name[value->key.len] = '\0';
    fields->count++;
    return OK;
}

static void drop_all(struct feed_fields *fields, enum feed_map map)
{
    size_t kept = 0;
    for (size_t i = 0; i < fields->count; i++)
        if (fields->names[i].map != map)
            fields->names[kept++] = fields->names[i];
    fields->count = kept;
}

static enum err set_entries(struct feed_fields *fields, enum feed_map map, const struct json_value *entries,
                            struct errbuf *e)
{
    enum err err;
    if (entries->type == JSON_NULL)
        drop_all(fields, map);
    JSON_EACH(entry, entries)
    {
        if ((err = set(fields, map, entry, e)) != OK)
            return err;
    }
    return OK;
}

static enum feed_map map_of(struct text key)
{
    enum feed_map map = FEED_METRICS;
    while (map < FEED_MAP_COUNT && !text_is(key, map_names[map]))
        map++;
    return map < FEED_MAP_COUNT ? map : FEED_PLAIN;
}

static enum err set_member(struct feed_fields *fields, const struct json_value *member, struct errbuf *e)
{
    enum feed_map map = map_of(member->key);
    if (map != FEED_PLAIN)
        return set_entries(fields, map, member, e);
    if (!text_is(member->key, "status"))
        return set(fields, FEED_PLAIN, member, e);
    fields->has_status = true;
    fields->is_draining = member->type == JSON_STRING && text_is(member->string, "draining");
    return OK;
}

enum err feed_fields_note(struct feed_fields *fields, struct text line, struct errbuf *e)
{
    struct arena arena = { 0 };
    const struct json_value *object = NULL;
    enum err err = json_scan(&arena, line, &object, e);
    if (err == OK && object->type != JSON_OBJECT)
        err = err_set(e, ERR_TYPE, "not a JSON object");
    for (size_t at = 1; err == OK && at < object->span; at += object[at].span)
        err = set_member(fields, &object[at], e);
    arena_clear(&arena);
    return err;
}

static void withdraw_map(const struct feed_fields *fields, enum feed_map map, struct json_write *w)
{
    if (map != FEED_PLAIN)
        json_open_member(w, map_names[map], '{');
    for (size_t i = 0; i < fields->count; i++)
        if (fields->names[i].map == map)
            json_add_null(w, fields->names[i].name);
    if (map != FEED_PLAIN)
        json_close(w, '}');
}

void feed_fields_withdraw(struct feed_fields *fields, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    json_open(&w, '{');
    if (fields->has_status)
        json_add_str(&w, "status", FEED_STATUS_LOST);
    for (enum feed_map map = 0; map < FEED_MAP_COUNT; map++)
        withdraw_map(fields, map, &w);
    json_close(&w, '}');
    *fields = (struct feed_fields){ 0 };
}
