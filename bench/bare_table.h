/* bare_table.h - the least that a registry can be: a uthash table with a document in each element. In a file of its
 * own, for the queen's tables use another hash function. */
#ifndef BENCH_BARE_TABLE_H
#define BENCH_BARE_TABLE_H

#include "payload.h"

struct bare;

void bare_add(struct bare **table, const char *key);                                         /* aborts without memory */
void bare_store(struct bare *table, const char *key, const char document[PAYLOAD_FULL_LEN]); /* find and copy */
void bare_clear(struct bare **table);

#endif
