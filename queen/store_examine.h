/* store_examine.h - whether a database is a queen's and sound; one of an earlier version is made one of this version,
 * and an empty one gets its tables, where it may be changed. Part of store_sqlite. */
#ifndef SKEP_STORE_EXAMINE_H
#define SKEP_STORE_EXAMINE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "err.h"

/* `thoroughly`: all of it is read. The errors of store_db_open. */
enum err store_examine(sqlite3 *sqlite, bool thoroughly, bool may_change, struct errbuf *e);

/* Statements without a result. */
enum err store_run(sqlite3 *sqlite, const char *sql, struct errbuf *e);

/* What the latest call on the database failed of. */
enum err store_failed(sqlite3 *sqlite, struct errbuf *e);

#endif
