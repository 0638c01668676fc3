#include "store_examine.h"

#include <stdio.h>

#include "store_schema.h"
#include "text.h"

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

/* Keys first. */
#define NAME STORE_COLUMN_NAME

static const char schema[] = "CREATE TABLE life(id INTEGER PRIMARY KEY" STORE_LIFE_COLUMNS(
    NAME) ");"
          "CREATE TABLE tombstone(hive TEXT NOT NULL, worker TEXT NOT NULL" STORE_TOMBSTONE_COLUMNS(
              NAME) ", PRIMARY KEY(hive, worker)) WITHOUT ROWID;"
                    "CREATE TABLE record(hive TEXT NOT NULL, worker TEXT NOT NULL" STORE_RECORD_COLUMNS(
                        NAME) ", PRIMARY KEY(hive, worker)) WITHOUT ROWID;" STORE_EVENT_TABLE STORE_INCIDENT_TABLE
                              "PRAGMA application_id = " STRING(STORE_APPLICATION) "; PRAGMA user_version = " STRING(
                                  STORE_VERSION) ";";

/* What makes the version after it of a database of version 1, 2, ...: for good, whatever the lists of columns become.
 */
static const char *const steps[] = {
    "ALTER TABLE life ADD COLUMN acked; ALTER TABLE life ADD COLUMN commanded;"
    "UPDATE life SET acked = last_event, commanded = last_event;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, hive TEXT NOT NULL, document TEXT NOT NULL, "
    "ordinal INTEGER NOT NULL, bytes INTEGER NOT NULL);",

    "CREATE TABLE incident(id INTEGER PRIMARY KEY, hive TEXT NOT NULL, worker TEXT NOT NULL, kind, class, state, "
    "cause, session, connection, opened, ended, ended_by);"
    "INSERT OR IGNORE INTO incident SELECT event_id, hive, worker, iif(worker = '', 'hive', 'worker'),"
    "iif(announced = 'zombie', 'stalled', 'lost'), announced, announced_cause, session, connection, since_wall,"
    "-9223372036854775808, NULL FROM record WHERE announced IN ('stale', 'zombie');",

    "ALTER TABLE record ADD COLUMN retain_s;",
};
_Static_assert(ARRAY_LEN(steps) == STORE_VERSION - 1, "one from each version to the next");

enum err store_failed(sqlite3 *sqlite, struct errbuf *e)
{
    int code = sqlite3_errcode(sqlite);
    enum err err = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_SYNTAX
                   : code == SQLITE_NOMEM                          ? ERR_NOMEM
                                                                   : ERR_IO;
    return err_set(e, err, "%s", sqlite3_errmsg(sqlite));
}

enum err store_run(sqlite3 *sqlite, const char *sql, struct errbuf *e)
{
    return sqlite3_exec(sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : store_failed(sqlite, e);
}

/* The first column of the first row; "" where there is none. */
static enum err ask(sqlite3 *sqlite, const char *sql, char *ret, size_t size, struct errbuf *e)
{
    sqlite3_stmt *statement = NULL;
    enum err err = OK;
    int code = sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL);
    ret[0] = '\0';
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        snprintf(ret, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        err = store_failed(sqlite, e);
    sqlite3_finalize(statement);
    return err;
}

static enum err ask_int(sqlite3 *sqlite, const char *sql, int64_t *ret, struct errbuf *e)
{
    char text[32];
    enum err err = ask(sqlite, sql, text, sizeof text, e);
    if (err == OK && text_to_int(text_of(text), ret) != OK)
        return err_set(e, ERR_SYNTAX, "%s: %s", sql, text);
    return err;
}

/* As a whole or not at all. */
static enum err run_as_one(sqlite3 *sqlite, const char *sql, struct errbuf *e)
{
    enum err err = store_run(sqlite, "BEGIN IMMEDIATE", e);
    if (err == OK && (err = store_run(sqlite, sql, e)) == OK)
        err = store_run(sqlite, "COMMIT", e);
    return err;
}

/* From an earlier version: step by step, so that none knows more than the one before it. */
static enum err migrate(sqlite3 *sqlite, int64_t version, struct errbuf *e)
{
    enum err err = OK;
    for (; version < STORE_VERSION && err == OK; version++) {
        char sql[2048];
        snprintf(sql, sizeof sql, "%sPRAGMA user_version = %lld", steps[version - 1], (long long)version + 1);
        err = run_as_one(sqlite, sql, e);
    }
    return err;
}

enum err store_examine(sqlite3 *sqlite, bool thoroughly, bool may_change, struct errbuf *e)
{
    int64_t version = 0, application = 0, tables = 0;
    char found[128];
    enum err err;
    if ((err = ask(sqlite, thoroughly ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", found, sizeof found,
                   e)) != OK)
        return err;
    if (strcmp(found, "ok") != 0)
        return err_set(e, ERR_SYNTAX, "it is damaged: %s", found);
    if ((err = ask_int(sqlite, "PRAGMA user_version", &version, e)) != OK ||
        (err = ask_int(sqlite, "PRAGMA application_id", &application, e)) != OK ||
        (err = ask_int(sqlite, "SELECT count(*) FROM sqlite_master", &tables, e)) != OK)
        return err;
    if (version == 0 && application == 0 && tables == 0 && may_change)
        return run_as_one(sqlite, schema, e);
    if (application != STORE_APPLICATION)
        return err_set(e, ERR_SYNTAX, "it is not a queen's");
    if (version <= 0 || version > STORE_VERSION)
        return err_set(e, ERR_SYNTAX, "it is of version %lld", (long long)version);
    if (version < STORE_VERSION && !may_change)
        return err_set(e, ERR_IO, "it is of version %lld, and is read when it can be written", (long long)version);
    return migrate(sqlite, version, e);
}
