/* The parameters of GET /v1/workers: any bytes behind the `?`. */
#include "fuzz.h"
#include "query.h"
#include "selection.h"

static void require_terminated(struct text text)
{
    require(strlen(text.at) == text.len && text_is_utf8(text));
}

static void check_query(const struct query *query)
{
    require(query->count <= QUERY_MAX_PARAMETERS);
    for (size_t i = 0; i < query->count; i++) {
        require_terminated(query->parameters[i].name);
        require_terminated(query->parameters[i].value);
        for (size_t k = 0; k < i; k++)
            require(!text_equal(query->parameters[i].name, query->parameters[k].name));
    }
}

static void check_selection(const struct selection *selection)
{
    require(selection->limit >= 1 && selection->limit <= SELECTION_LIMIT_MAX);
    require(selection->label_count <= SELECTION_LABELS_MAX);
    require((unsigned)selection->state < STATE_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct arena arena;
    struct query query;
    struct selection selection;
    struct errbuf e = { 0 };
    arena = (struct arena){ .limit = 1024 * 1024 };
    if (query_parse(&arena, (struct text){ (const char *)bytes, len }, &query, &e) == OK) {
        check_query(&query);
        if (selection_parse(&query, &selection, &e) == OK)
            check_selection(&selection);
        else
            require(e.text[0] != '\0');
    } else {
        require(e.text[0] != '\0');
    }
    arena_clear(&arena);
    return 0;
}
