#include "store_sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "store_examine.h"
#include "store_schema.h"
#include "text.h"
#include "url_query.h"

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

#define EVENT_SLICE 5000     /* more than one batch brings */
#define INCIDENT_SLACK 10000 /* more than are kept: to find out which is as much work as to read all */
#define EVENT_BEFORE "(SELECT * FROM event WHERE id < ?1 ORDER BY id DESC LIMIT 1)"
#define OPEN_INCIDENT "-9223372036854775808" /* TIME_ABSENT */
#define NTH_INCIDENT(n) "(SELECT id FROM incident ORDER BY id DESC LIMIT 1 OFFSET " STRING(n) ")"
#define LAST_EVENT "event ORDER BY id DESC LIMIT 1"

/* Their order is that of the columns: keys first. */
#define MARK(kind, column, member) ", ?"

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    PRUNE_LIVES,
    PRUNE_EVENTS,
    PRUNE_INCIDENTS,
    PUT,
    REMOVE = PUT + STORE_KIND_COUNT,
    STATEMENTS = REMOVE + STORE_KIND_COUNT
};

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT + STORE_LIFE] = "INSERT OR REPLACE INTO life VALUES(?" STORE_LIFE_COLUMNS(MARK) ")",
    [PUT + STORE_TOMBSTONE] = "INSERT OR REPLACE INTO tombstone VALUES(?, ?" STORE_TOMBSTONE_COLUMNS(MARK) ")",
    [REMOVE + STORE_TOMBSTONE] = "DELETE FROM tombstone WHERE hive = ? AND worker = ?",
    [PUT + STORE_RECORD] = "INSERT OR REPLACE INTO record VALUES(?, ?" STORE_RECORD_COLUMNS(MARK) ")",
    [REMOVE + STORE_RECORD] = "DELETE FROM record WHERE hive = ? AND worker = ?",
    [PUT + STORE_INCIDENT] = "INSERT OR REPLACE INTO incident VALUES(?, ?, ?" STORE_INCIDENT_COLUMNS(MARK) ")",
    [PRUNE_INCIDENTS] = "DELETE FROM incident WHERE id <= " NTH_INCIDENT(
        STORE_INCIDENTS) " AND (ended <> " OPEN_INCIDENT " OR id <= " NTH_INCIDENT(STORE_INCIDENTS_OPEN) ")",
    [PUT + STORE_EVENT] =
        "INSERT OR REPLACE INTO event SELECT ?1, ?2, ?3,"
        "1 + coalesce(max(ordinal), 0), length(CAST(?3 AS BLOB)) + coalesce(max(bytes), 0) FROM " EVENT_BEFORE,
    [PRUNE_LIVES] = "DELETE FROM life WHERE id <= (SELECT max(id) FROM life) - " STRING(STORE_LIVES),
    [PRUNE_EVENTS] = "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT " STRING(
        EVENT_SLICE) ") AND (ordinal <= (SELECT ordinal FROM " LAST_EVENT
                     ") - " STRING(STORE_EVENTS) " OR bytes <= (SELECT bytes FROM " LAST_EVENT
                                                 ") - " STRING(STORE_EVENT_BYTES) ")",
};

struct store_db {
    sqlite3 *sqlite;
    sqlite3_stmt *statements[STATEMENTS];
    bool is_replaced; /* with the next commit */
    size_t incidents; /* that were written since some were removed */
};

static void store_db_free(struct store_db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->sqlite);
    free(db);
}
DEFINE_AUTO_FREE(store_db)

void store_db_close(struct store_db *db)
{
    store_db_free(db);
}

static enum err prepare(struct store_db *db, struct errbuf *e)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        if (texts[i] && sqlite3_prepare_v3(db->sqlite, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &db->statements[i],
                                           NULL) != SQLITE_OK)
            return store_failed(db->sqlite, e);
    return OK;
}

static enum err open_as(const char *name, int flags, struct store_db **ret, struct errbuf *e)
{
    auto_free(store_db) db = calloc(1, sizeof *db);
    enum err err;
    int code;
    if (!db)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((code = sqlite3_open_v2(name, &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL)) != SQLITE_OK)
        return err_set(e, code == SQLITE_NOMEM ? ERR_NOMEM : ERR_IO, "%s", sqlite3_errstr(code));
    (void)sqlite3_extended_result_codes(db->sqlite, 0);
    db->incidents = INCIDENT_SLACK; /* how many the last process left to remove is not known */
    if ((err = store_run(db->sqlite, "PRAGMA trusted_schema = 0; PRAGMA cell_size_check = 1", e)) == OK)
        *ret = HAND_OVER(db);
    return err;
}

enum err store_db_open(const char *path, bool thoroughly, struct store_db **ret, struct errbuf *e)
{
    auto_free(store_db) db = NULL;
    enum err err;
    if ((err = open_as(path, SQLITE_OPEN_READWRITE, &db, e)) != OK ||
        (err = store_run(db->sqlite, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", e)) != OK ||
        (err = store_examine(db->sqlite, thoroughly, true, e)) != OK || (err = prepare(db, e)) != OK)
        return err;
    *ret = HAND_OVER(db);
    return OK;
}

/* What a killed process has left beside it is read, too. Where there is nothing, and nothing can be made, SQLite takes
 * only what it is told that nobody changes. */
enum err store_db_open_to_read(const char *path, bool was_killed, struct store_db **ret, struct errbuf *e)
{
    auto_free(store_db) db = NULL;
    auto_clear(buf) uri = BUF_INIT;
    enum err err;
    buf_add_str(&uri, "file:");
    url_add_encoded(&uri, path, "-._~/");
    url_query_add(&uri, was_killed ? "mode" : "immutable", was_killed ? "ro" : "1");
    if (!buf_ok(&uri))
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = open_as(buf_str(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &db, e)) != OK ||
        (err = store_examine(db->sqlite, was_killed, false, e)) != OK)
        return err;
    *ret = HAND_OVER(db);
    return OK;
}

#define BIND_INT(value) sqlite3_bind_int64(to, ++i, (sqlite3_int64)(value))
#define BIND_TEXT(value) sqlite3_bind_text(to, ++i, (value), -1, SQLITE_STATIC)
#define BIND_STATE(value) BIND_TEXT(state_name(value))
#define BIND_CAUSE(value) BIND_TEXT(cause_name(value))
#define BIND_PATH(value) BIND_TEXT(evidence_path_name(value))
#define BIND_RESULT(value) BIND_TEXT(evidence_result_name(value))
#define BIND_INCIDENT_KIND(value) BIND_TEXT(incident_kind_name(value))
#define BIND_INCIDENT_CLASS(value) BIND_TEXT(incident_class_name(value))
#define BIND_INCIDENT_END(value) BIND_TEXT(incident_end_name(value))
#define BIND_SIGNAL(value) BIND_TEXT(value)
#define BIND_LIFE(kind, column, member) BIND_##kind(row->life.member);
#define BIND_TOMBSTONE(kind, column, member) BIND_##kind(row->tombstone.member);
#define BIND_INCIDENT(kind, column, member) BIND_##kind(row->incident.member);
#define BIND_RECORD(kind, column, member) BIND_##kind(row->record.member);

static void bind_text(sqlite3_stmt *to, int i, struct text text)
{
    sqlite3_bind_text(to, i, text.len > 0 ? text.at : "", (int)text.len, SQLITE_STATIC);
}

static uint64_t number_of(const struct store_row *row)
{
    return row->kind == STORE_LIFE       ? row->life.life
           : row->kind == STORE_EVENT    ? row->event.id
           : row->kind == STORE_INCIDENT ? row->incident.id
                                         : 0;
}

static bool has_names(enum store_kind kind)
{
    return kind != STORE_LIFE && kind != STORE_EVENT;
}

/* How many columns that were. */
static int bind_key(sqlite3_stmt *to, const struct store_row *row)
{
    uint64_t number = number_of(row);
    int i = 0;
    if (number > 0)
        sqlite3_bind_int64(to, ++i, (sqlite3_int64)number);
    if (has_names(row->kind)) {
        bind_text(to, ++i, row->hive);
        bind_text(to, ++i, row->worker);
    }
    return i;
}

static void bind_values(sqlite3_stmt *to, int i, const struct store_row *row)
{
    switch (row->kind) {
    case STORE_LIFE:
        STORE_LIFE_COLUMNS(BIND_LIFE)
        break;
    case STORE_TOMBSTONE:
        STORE_TOMBSTONE_COLUMNS(BIND_TOMBSTONE)
        break;
    case STORE_INCIDENT:
        STORE_INCIDENT_COLUMNS(BIND_INCIDENT)
        break;
    case STORE_EVENT:
        bind_text(to, ++i, row->hive);
        bind_text(to, ++i, row->event.document);
        break;
    default:
        STORE_RECORD_COLUMNS(BIND_RECORD)
    }
}

static enum err step(const struct store_db *db, sqlite3_stmt *statement, struct errbuf *e)
{
    enum err err = sqlite3_step(statement) == SQLITE_DONE ? OK : store_failed(db->sqlite, e);
    sqlite3_reset(statement);
    return err;
}

static enum err put(struct store_db *db, const struct store_row *row, struct errbuf *e)
{
    sqlite3_stmt *to = db->statements[(row->removed ? REMOVE : PUT) + row->kind];
    int keys = bind_key(to, row);
    if (!row->removed)
        bind_values(to, keys, row);
    db->incidents += row->kind == STORE_INCIDENT;
    return step(db, to, e);
}

bool store_db_has_moved(const struct store_db *db)
{
    int has_moved = 0;
    return sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) == SQLITE_OK && has_moved;
}

void store_db_replace(struct store_db *db)
{
    db->is_replaced = true;
}

static enum err begin(const struct store_db *db, struct errbuf *e)
{
    enum err err = step(db, db->statements[BEGIN], e);
    return err == OK && db->is_replaced
               ? store_run(db->sqlite,
                           "DELETE FROM life; DELETE FROM tombstone; DELETE FROM incident; DELETE FROM record", e)
               : err;
}

static enum err commit(struct store_db *db, struct errbuf *e)
{
    enum err err = step(db, db->statements[COMMIT], e);
    db->is_replaced = db->is_replaced && err != OK;
    return err;
}

enum err store_db_write(struct store_db *db, const struct store_row *rows, size_t count, bool is_last, struct errbuf *e)
{
    bool goes_on = !sqlite3_get_autocommit(db->sqlite);
    enum err err = goes_on ? OK : begin(db, e);
    for (size_t i = 0; i < count && err == OK; i++)
        err = put(db, &rows[i], e);
    for (enum statement prune = PRUNE_LIVES; prune <= PRUNE_EVENTS && err == OK; prune++)
        err = step(db, db->statements[prune], e);
    if (err == OK && db->incidents >= INCIDENT_SLACK) {
        err = step(db, db->statements[PRUNE_INCIDENTS], e);
        db->incidents = 0;
    }
    if (err == OK && (!is_last || (err = commit(db, e)) == OK))
        return OK;
    (void)step(db, db->statements[ROLLBACK], NULL);
    return err;
}

#define TEXT_AT(i) ((const char *)sqlite3_column_text(from, (i)))
#define READ_AS(to, value) (to) = (__typeof__(to))(value);
#define READ_INT(to) READ_AS(to, sqlite3_column_int64(from, i++))
#define READ_STATE(to) READ_AS(to, state_of_name(TEXT_AT(i++)))
#define READ_CAUSE(to) READ_AS(to, cause_of_name(TEXT_AT(i++)))
#define READ_PATH(to) READ_AS(to, evidence_path_of_name(TEXT_AT(i++)))
#define READ_RESULT(to) READ_AS(to, evidence_result_of_name(TEXT_AT(i++)))
#define READ_INCIDENT_KIND(to) READ_AS(to, incident_kind_of_name(TEXT_AT(i++)))
#define READ_INCIDENT_CLASS(to) READ_AS(to, incident_class_of_name(TEXT_AT(i++)))
#define READ_INCIDENT_END(to) READ_AS(to, incident_end_of_name(TEXT_AT(i++)))
#define READ_SIGNAL(to) text_to_printable(text_of(TEXT_AT(i++)), to, sizeof to);
#define READ_LIFE(kind, column, member) READ_##kind(row.life.member)
#define READ_TOMBSTONE(kind, column, member) READ_##kind(row.tombstone.member)
#define READ_INCIDENT(kind, column, member) READ_##kind(row.incident.member)
#define READ_RECORD(kind, column, member) READ_##kind(row.record.member)

static struct text text_at(sqlite3_stmt *from, int i)
{
    const char *text = TEXT_AT(i);
    return (struct text){ text, text ? (size_t)sqlite3_column_bytes(from, i) : 0 };
}

static struct store_row row_of(sqlite3_stmt *from, enum store_kind kind)
{
    struct store_row row = { .kind = kind };
    int i = kind == STORE_TOMBSTONE || kind == STORE_RECORD ? 0 : 1;
    sqlite3_int64 number = sqlite3_column_int64(from, 0);
    if (kind != STORE_LIFE)
        row.hive = text_at(from, i++);
    if (has_names(kind))
        row.worker = text_at(from, i++);
    switch (kind) {
    case STORE_LIFE:
        row.life.life = (uint32_t)number;
        STORE_LIFE_COLUMNS(READ_LIFE)
        break;
    case STORE_TOMBSTONE:
        STORE_TOMBSTONE_COLUMNS(READ_TOMBSTONE)
        break;
    case STORE_INCIDENT:
        row.incident.id = (uint64_t)number;
        STORE_INCIDENT_COLUMNS(READ_INCIDENT)
        break;
    case STORE_EVENT:
        row.event = (struct event_row){ (uint64_t)number, text_at(from, i) };
        break;
    default:
        row.record.is_of_store = true;
        STORE_RECORD_COLUMNS(READ_RECORD)
    }
    return row;
}

static enum err load(struct store_db *db, enum store_kind kind,
                     enum err (*take)(void *user, const struct store_row *row), void *user, size_t *refused,
                     struct errbuf *e)
{
    static const char *const queries[] = { "SELECT * FROM life ORDER BY id", "SELECT * FROM tombstone ORDER BY added",
                                           "SELECT * FROM incident ORDER BY id", "SELECT * FROM record",
                                           "SELECT * FROM event ORDER BY id" };
    sqlite3_stmt *from;
    enum err err = OK;
    int code = sqlite3_prepare_v2(db->sqlite, queries[kind], -1, &from, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW)
        if ((code = sqlite3_step(from)) == SQLITE_ROW) {
            struct store_row row = row_of(from, kind);
            *refused += take(user, &row) != OK;
        }
    if (code != SQLITE_DONE)
        err = store_failed(db->sqlite, e);
    sqlite3_finalize(from);
    return err;
}

enum err store_db_load(struct store_db *db, enum err (*take)(void *user, const struct store_row *row), void *user,
                       size_t *ret_refused, struct errbuf *e)
{
    enum err err = OK;
    *ret_refused = 0;
    for (enum store_kind kind = 0; kind < STORE_KIND_COUNT && err == OK; kind++)
        err = load(db, kind, take, user, ret_refused, e);
    return err;
}
