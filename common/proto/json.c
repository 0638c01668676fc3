#include "json.h"

#include <cjson/cJSON.h>

#include "c_locale.h"
#include "json_scan.h"

static void tree_free(void *tree)
{
    cJSON_Delete(tree);
}

static struct cJSON *tree_parse(struct text text)
{
    struct c_locale locale = c_locale_enter();
    struct cJSON *tree = cJSON_ParseWithLengthOpts(text.at, text.len, NULL, false);
    c_locale_leave(locale);
    return tree;
}

enum err json_parse(struct arena *arena, struct text text, struct cJSON **ret, struct errbuf *e)
{
    const struct json_value *values;
    struct cJSON *tree;
    enum err err = json_scan(arena, text, &values, e);
    if (err != OK)
        return err;
    tree = tree_parse(text); /* it is JSON, so NULL means that memory ran out */
    if (tree && arena_on_reset(arena, tree_free, tree)) {
        *ret = tree;
        return OK;
    }
    cJSON_Delete(tree);
    return err_set(e, ERR_NOMEM, "JSON: no memory for the document");
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
    const struct cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(member) ? NULL : member;
}

const char *json_string(const struct cJSON *value)
{
    return cJSON_GetStringValue(value);
}

bool json_number(const struct cJSON *value, double *ret)
{
    if (!cJSON_IsNumber(value))
        return false;
    *ret = value->valuedouble;
    return true;
}

bool json_bool(const struct cJSON *value, bool *ret)
{
    if (!cJSON_IsBool(value))
        return false;
    *ret = cJSON_IsTrue(value);
    return true;
}
