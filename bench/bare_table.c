#include "bare_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct bare {
    UT_hash_handle hh;
    char key[8 + PAYLOAD_NAME_SIZE];
    char document[PAYLOAD_FULL_LEN];
};

void bare_add(struct bare **table, const char *key)
{
    struct bare *bare = calloc(1, sizeof *bare);
    if (!bare)
        abort();
    snprintf(bare->key, sizeof bare->key, "%s", key);
    HASH_ADD_STR(*table, key, bare);
}

void bare_store(struct bare *table, const char *key, const char document[PAYLOAD_FULL_LEN])
{
    struct bare *bare;
    HASH_FIND_STR(table, key, bare);
    memcpy(bare->document, document, PAYLOAD_FULL_LEN);
}

void bare_clear(struct bare **table)
{
    struct bare *bare, *after;
    HASH_ITER(hh, *table, bare, after)
    {
        HASH_DELETE(hh, *table, bare);
        free(bare);
    }
}
