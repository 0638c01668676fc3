#include "page.h"

#include <cjson/cJSON.h>

#include "document.h"

struct reader {
    const struct page *page;
    struct text rest;      /* of the body */
    size_t items, members; /* that were read */
    bool has_list;
};

/* Passes by the one character, and blanks before it. */
static bool pass(struct reader *reader, char c)
{
    struct text *rest = &reader->rest;
    while (rest->len > 0 && (unsigned char)rest->at[0] <= ' ')
        *rest = (struct text){ rest->at + 1, rest->len - 1 };
    return text_skip(rest, (struct text){ &c, 1 });
}

static enum err read_value(struct reader *reader, cJSON **ret)
{
    struct text *rest = &reader->rest;
    size_t most = rest->len < PAGE_ITEM_MAX ? rest->len : PAGE_ITEM_MAX;
    const char *end;
    cJSON *value = cJSON_ParseWithLengthOpts(rest->at, most, &end, false);
    if (!value)
        return rest->len > most ? ERR_TOO_LARGE : ERR_SYNTAX;
    *rest = (struct text){ end, rest->len - (size_t)(end - rest->at) };
    *ret = value;
    return OK;
}

static enum err read_item(struct reader *reader)
{
    auto_free(cJSON) item = NULL;
    enum err err = reader->items++ < PAGE_LIMIT ? read_value(reader, &item) : ERR_TOO_LARGE;
    if (err != OK)
        return err;
    if (!cJSON_IsObject(item))
        return ERR_SYNTAX;
    reader->page->take(reader->page->user, item);
    return OK;
}

static enum err read_list(struct reader *reader)
{
    enum err err;
    reader->has_list = true;
    if (pass(reader, ']'))
        return OK;
    do
        err = read_item(reader);
    while (err == OK && pass(reader, ','));
    return err == OK && !pass(reader, ']') ? ERR_SYNTAX : err;
}

static enum err read_member(struct reader *reader, cJSON *members)
{
    auto_free(cJSON) name = NULL;
    auto_free(cJSON) value = NULL;
    enum err err = read_value(reader, &name);
    if (err == OK && (!cJSON_IsString(name) || !pass(reader, ':')))
        err = ERR_SYNTAX;
    if (err == OK && strcmp(name->valuestring, reader->page->name) == 0 && pass(reader, '['))
        return read_list(reader);
    if (err == OK)
        err = reader->members++ < PAGE_MEMBERS_MAX ? read_value(reader, &value) : ERR_TOO_LARGE;
    if (err == OK && !cJSON_AddItemToObject(members, name->valuestring, value))
        err = ERR_NOMEM;
    if (err == OK)
        value = NULL;
    return err;
}

enum err page_read(const struct page *page, struct text body, struct cJSON **ret)
{
    struct reader reader = { .page = page, .rest = body };
    auto_free(cJSON) members = cJSON_CreateObject();
    enum err err = pass(&reader, '{') ? OK : ERR_SYNTAX;
    if (!members)
        return ERR_NOMEM;
    while (err == OK) {
        err = read_member(&reader, members);
        if (err == OK && !pass(&reader, ','))
            break;
    }
    if (err == OK && (!pass(&reader, '}') || !reader.has_list))
        err = ERR_SYNTAX;
    if (err == OK)
        *ret = HAND_OVER(members);
    return err;
}
