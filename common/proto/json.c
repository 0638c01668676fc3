#include "json.h"

#include <math.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "c_locale.h"
#include "json_scan.h"

static bool arena_allocator;
static _Thread_local struct arena *parsing_into; /* NULL outside json_parse */

static void *tree_alloc(size_t size)
{
    return parsing_into ? arena_alloc(parsing_into, size) : malloc(size);
}

static void tree_release(void *memory)
{
    if (!parsing_into)
        free(memory);
}

void json_use_arena_allocator(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = tree_alloc, .free_fn = tree_release });
    arena_allocator = true;
}

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

/* The text has passed json_scan, so NULL means that memory ran out. */
static struct cJSON *tree_build(struct arena *arena, struct text text)
{
    if (arena_allocator) {
        parsing_into = arena;
        struct cJSON *tree = tree_parse(text);
        parsing_into = NULL;
        return tree;
    }
    struct cJSON *tree = tree_parse(text);
    if (tree && !arena_on_reset(arena, tree_free, tree)) {
        cJSON_Delete(tree);
        return NULL;
    }
    return tree;
}

/* Which keys an object has had so far: a set of hashes that can only say "not yet" for sure. */
struct key_set {
    uint64_t bits[4];
};

static bool key_is_certainly_new(struct key_set *seen, const char *key)
{
    size_t len = strlen(key);
    unsigned last = len ? (unsigned char)key[len - 1] : 0;
    unsigned hash = ((unsigned)len * 31 + (unsigned char)key[0] * 7 + last) & 255;
    uint64_t bit = UINT64_C(1) << (hash & 63);
    uint64_t *bits = &seen->bits[hash >> 6];
    bool is_new = !(*bits & bit);
    *bits |= bit;
    return is_new;
}

static bool key_was_before(const struct cJSON *object, const struct cJSON *member)
{
    return cJSON_GetObjectItemCaseSensitive(object, member->string) != member; /* the first of that name */
}

static enum err key_refuse(const char *key, struct errbuf *e)
{
    char shown[65];
    text_to_printable(text_of(key), shown, sizeof shown);
    return err_set(e, ERR_DUPLICATE, "JSON: the key \"%s\" is given twice", shown);
}

static enum err tree_check(const struct cJSON *node, struct errbuf *e)
{
    struct key_set seen = { 0 };
    enum err err = OK;

    if (cJSON_IsNumber(node))
        return isfinite(node->valuedouble) ? OK : err_set(e, ERR_RANGE, "JSON: a number is too large");
    for (const struct cJSON *child = node->child; child && !err; child = child->next) {
        if (child->string && !key_is_certainly_new(&seen, child->string) && key_was_before(node, child))
            return key_refuse(child->string, e);
        if (child->child || cJSON_IsNumber(child))
            err = tree_check(child, e);
    }
    return err;
}

enum err json_parse(struct arena *arena, struct text text, struct cJSON **ret, struct errbuf *e)
{
    enum err err = json_scan(text, e);
    if (err)
        return err;
    struct cJSON *tree = tree_build(arena, text);
    if (!tree)
        return err_set(e, ERR_NOMEM, "JSON: no memory for the document");
    err = tree_check(tree, e);
    if (!err)
        *ret = tree;
    return err;
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
    const struct cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(member) ? NULL : member;
}

static const struct cJSON *named(const struct cJSON *member, const char **ret_name)
{
    if (member)
        *ret_name = member->string;
    return member;
}

const struct cJSON *json_first(const struct cJSON *object, const char **ret_name)
{
    return named(cJSON_IsObject(object) ? object->child : NULL, ret_name);
}

const struct cJSON *json_next(const struct cJSON *member, const char **ret_name)
{
    return named(member->next, ret_name);
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
