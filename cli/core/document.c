#include "document.h"

#include <math.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "json_write.h"
#include "printable.h"

#define EXACT_INT 9007199254740992.0 /* 2^53 */

const char *document_str(const cJSON *document, const char *name)
{
    return json_string(json_member(document, name));
}

bool document_int(const cJSON *document, const char *name, int64_t *ret)
{
    double value;
    if (!json_number(json_member(document, name), &value) || isnan(value))
        return false;
    *ret = (int64_t)fmax(-EXACT_INT, fmin(value, EXACT_INT));
    return true;
}

static void write_number(struct json_write *w, double value)
{
    if (fabs(value) <= EXACT_INT && value == trunc(value))
        json_put_int(w, (int64_t)value);
    else
        json_put_number(w, value);
}

static void document_write(struct json_write *w, const cJSON *value);

static void write_members(struct json_write *w, const cJSON *value)
{
    bool object = cJSON_IsObject(value);
    json_open(w, object ? '{' : '[');
    for (const cJSON *member = value->child; member; member = member->next) {
        if (object)
            json_key(w, member->string);
        document_write(w, member);
    }
    json_close(w, object ? '}' : ']');
}

static void document_write(struct json_write *w, const cJSON *value)
{
    if (cJSON_IsObject(value) || cJSON_IsArray(value))
        write_members(w, value);
    else if (cJSON_IsString(value))
        json_put_str(w, value->valuestring);
    else if (cJSON_IsNumber(value))
        write_number(w, value->valuedouble);
    else if (cJSON_IsBool(value))
        json_put_bool(w, cJSON_IsTrue(value));
    else
        json_put_null(w);
}

void document_add_json(struct buf *ret, const cJSON *value)
{
    auto_clear(buf) plain = BUF_INIT;
    struct json_write w = json_write_to(&plain);
    document_write(&w, value);
    if (buf_ok(&plain))
        printable_add_json(ret, buf_text(&plain));
    else
        ret->failed = true;
}

void document_add_line(struct buf *ret, const cJSON *value)
{
    document_add_json(ret, value);
    buf_add_char(ret, '\n');
}

void document_add_text(struct buf *ret, const cJSON *value)
{
    if (!value || cJSON_IsNull(value))
        buf_add_char(ret, '-');
    else if (cJSON_IsString(value))
        printable_add(ret, text_of(value->valuestring));
    else
        document_add_json(ret, value);
}
