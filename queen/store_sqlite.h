/* store_sqlite.h - rows of a queen in a SQLite database. One thread at a time; every call waits for the disk. */
#ifndef SKEP_STORE_SQLITE_H
#define SKEP_STORE_SQLITE_H

#include "err.h"
#include "store_row.h"

struct store_db;

/* Makes the file if need be, with mode 0600, and examines it: `thoroughly` after a crash. ERR_SYNTAX: it is damaged, or
 * of a later version, or no queen's; ERR_IO, ERR_NOMEM. With a sentence. */
enum err store_db_open(const char *path, bool thoroughly, struct store_db **ret, struct errbuf *e);

/* To load it, where it cannot be written. The same errors; one of an earlier version cannot be read so. */
enum err store_db_open_to_read(const char *path, bool was_killed, struct store_db **ret, struct errbuf *e);
void store_db_close(struct store_db *db); /* NULL is fine */

/* As store_load. */
enum err store_db_load(struct store_db *db, enum err (*take)(void *user, const struct store_row *row), void *user,
                       size_t *ret_refused, struct errbuf *e);

/* Its file was removed, renamed or replaced: what is written goes where nobody finds it. */
bool store_db_has_moved(const struct store_db *db);

/* What it holds, but for events, is gone with the next rows that are written: nobody has loaded it. */
void store_db_replace(struct store_db *db);

/* All of them or none, and with them those that were written before, up to the last ones that `is_last` was said of.
 * The errors of store_db_open. */
enum err store_db_write(struct store_db *db, const struct store_row *rows, size_t count, bool is_last,
                        struct errbuf *e);

#endif
