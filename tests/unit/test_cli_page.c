#include "page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "buf.h"
#include "document.h"

static void note_item(void *user, const cJSON *item)
{
    struct buf *seen = user;
    document_add_line(seen, item);
}

static void pages(void **state)
{
    static const struct {
        const char *why, *body;
        enum err err;
        const char *items, *members; /* members NULL: there is no answer */
    } rows[] = {
        { "items in their order, and what is besides",
          "{\"items\":[{\"a\":1},{\"b\":[2]}],\"next\":7,\"view\":\"live\"}", OK, "{\"a\":1}\n{\"b\":[2]}\n",
          "{\"next\":7,\"view\":\"live\"}" },
        { "the list may come last", "{\"next\":null,\"items\":[{}]}", OK, "{}\n", "{\"next\":null}" },
        { "whatever the layout", " {\n\"items\" : [ {} ,\t{} ] , \"a\" : [1] }\n", OK, "{}\n{}\n", "{\"a\":[1]}" },
        { "an empty page", "{\"items\":[]}", OK, "", "{}" },
        { "no list", "{\"status\":\"ok\"}", ERR_SYNTAX, "", NULL },
        { "a list that is none", "{\"items\":{\"a\":{}}}", ERR_SYNTAX, "", NULL },
        { "items that are no objects", "{\"items\":[{},0]}", ERR_SYNTAX, "{}\n", NULL },
        { "an item that is cut off", "{\"items\":[{\"a\":", ERR_SYNTAX, "", NULL },
        { "a page that is cut off", "{\"items\":[{}", ERR_SYNTAX, "{}\n", NULL },
        { "a comma too many", "{\"items\":[{},]}", ERR_SYNTAX, "{}\n", NULL },
        { "a name that is none", "{1:2,\"items\":[]}", ERR_SYNTAX, "", NULL },
        { "no object", "[]", ERR_SYNTAX, "", NULL },
        { "nothing", "", ERR_SYNTAX, "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_clear(buf) seen = BUF_INIT;
        auto_clear(buf) members = BUF_INIT;
        auto_free(cJSON) rest = NULL;
        struct page page = { "items", note_item, &seen };
        print_message("  %s\n", rows[i].why);
        assert_int_equal(page_read(&page, text_of(rows[i].body), &rest), rows[i].err);
        assert_string_equal(buf_str(&seen), rows[i].items);
        assert_int_equal(rest != NULL, rows[i].members != NULL);
        if (rest)
            document_add_json(&members, rest);
        assert_string_equal(buf_str(&members), rows[i].members ? rows[i].members : "");
    }
}

static void count_item(void *user, const cJSON *item)
{
    size_t *count = user;
    (void)item;
    ++*count;
}

/* So many values are alive at once, at most. */
static size_t alive, most_alive;

static void *count_malloc(size_t size)
{
    most_alive = ++alive > most_alive ? alive : most_alive;
    return malloc(size);
}

static void count_free(void *memory)
{
    alive -= memory != NULL;
    free(memory);
}

/* What a hostile server can have allocated does not grow with what it sends. */
static void limits(void **state)
{
    static const struct {
        const char *why, *head, *repeated, *tail;
        size_t times;
        enum err err;
        size_t items;
    } rows[] = {
        { "as many items as were requested", "{\"items\":[{}", ",{}", "]}", PAGE_LIMIT - 1, OK, PAGE_LIMIT },
        { "one more", "{\"items\":[{}", ",{}", "]}", PAGE_LIMIT, ERR_TOO_LARGE, PAGE_LIMIT },
        { "in two lists", "{\"items\":[{},{}],\"items\":[{}", ",{}", "]}", PAGE_LIMIT, ERR_TOO_LARGE, PAGE_LIMIT },
        { "numbers, 20 MB of them", "{\"items\":[0", ",0", "]}", 10000000, ERR_SYNTAX, 0 },
        { "an item of 20 MB", "{\"items\":[{\"a\":[0", ",0", "]}]}", 10000000, ERR_TOO_LARGE, 0 },
        { "a member of 20 MB", "{\"a\":[0", ",0", "],\"items\":[]}", 10000000, ERR_TOO_LARGE, 0 },
        { "a name of 2 MB", "{\"a", "aa", "\":0,\"items\":[]}", 1000000, ERR_TOO_LARGE, 0 },
        { "members without end", "{\"a\":0", ",\"a\":0", ",\"items\":[]}", 1000000, ERR_TOO_LARGE, 0 },
        { "levels without end", "{\"items\":[", "[", "", 1000000, ERR_TOO_LARGE, 0 },
    };

    (void)state;
    cJSON_InitHooks(&(cJSON_Hooks){ count_malloc, count_free });
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_clear(buf) body = BUF_INIT;
        auto_free(cJSON) rest = NULL;
        size_t items = 0;
        struct page page = { "items", count_item, &items };
        print_message("  %s\n", rows[i].why);
        buf_add_str(&body, rows[i].head);
        for (size_t n = 0; n < rows[i].times; n++)
            buf_add_str(&body, rows[i].repeated);
        buf_add_str(&body, rows[i].tail);
        assert_int_equal(page_read(&page, buf_text(&body), &rest), rows[i].err);
        assert_int_equal(items, rows[i].items);
    }
    assert_int_equal(alive, 0);
    assert_in_range(most_alive, 1, PAGE_ITEM_MAX);
    cJSON_InitHooks(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
