/* json_reference.h - cJSON as the reference for json_scan: what the scan accepts, cJSON reads the same. */
#ifndef SKEP_TEST_JSON_REFERENCE_H
#define SKEP_TEST_JSON_REFERENCE_H

#include <math.h>

#include <cjson/cJSON.h>

#include "json_scan.h"

static bool reference_agrees(const struct json_value *value, const cJSON *node);

/* The same members in the same order, and no key twice. */
static bool reference_members_agree(const struct json_value *value, const cJSON *node)
{
    const cJSON *child = node->child;
    JSON_EACH(member, value)
    {
        if (!child || (value->type == JSON_OBJECT && !text_is(member->key, child->string)))
            return false;
        if (value->type == JSON_OBJECT && cJSON_GetObjectItemCaseSensitive(node, child->string) != child)
            return false;
        if (!reference_agrees(member, child))
            return false;
        child = child->next;
    }
    return !child;
}

static bool reference_agrees(const struct json_value *value, const cJSON *node)
{
    switch (value->type) {
    case JSON_NULL:
        return cJSON_IsNull(node);
    case JSON_FALSE:
        return cJSON_IsFalse(node);
    case JSON_TRUE:
        return cJSON_IsTrue(node);
    case JSON_NUMBER:
        return cJSON_IsNumber(node) && isfinite(value->number) && value->number == node->valuedouble &&
               signbit(value->number) == signbit(node->valuedouble);
    case JSON_STRING:
        return cJSON_IsString(node) && text_is(value->string, node->valuestring) &&
               strlen(value->string.at) == value->string.len;
    case JSON_ARRAY:
        return cJSON_IsArray(node) && reference_members_agree(value, node);
    case JSON_OBJECT:
        return cJSON_IsObject(node) && reference_members_agree(value, node);
    }
    return false;
}

/* Also true if the scan refuses the text; *ret is its verdict. */
static inline bool json_scan_agrees(struct text json, enum err *ret)
{
    const struct json_value *values;
    struct arena arena;
    bool agrees = true;
    arena = (struct arena){ 0 };
    *ret = json_scan(&arena, json, &values, NULL);
    if (*ret == OK) {
        cJSON *tree = cJSON_ParseWithLengthOpts(json.at, json.len, NULL, false);
        agrees = tree && reference_agrees(values, tree);
        cJSON_Delete(tree);
    }
    arena_clear(&arena);
    return agrees;
}

#endif
