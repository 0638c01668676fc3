/* document_store.h - the last document of each worker and hive, as received, and what its hive saw of its process.
 *
 * Their bytes are limited in all. Whose hive has most makes room for others (tenants.h): documents are dropped here. */
#ifndef SKEP_DOCUMENT_STORE_H
#define SKEP_DOCUMENT_STORE_H

#include "registry.h"

/* Copies a heartbeat into the record, and what it says of the load (of a hive LOAD_NONE) into the roll; or any document
 * of a record, whose place is `document`. ERR_FULL, ERR_NOMEM: it could not be kept. The old one is dropped, too: it
 * would pass for what the worker says now. */
enum err document_store_heartbeat(struct registry *registry, struct record *record, struct text heartbeat,
                                  const struct load *load);
enum err document_store(struct registry *registry, struct record *record, struct document **document, struct text text);

#endif
