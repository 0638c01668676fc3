/* store_schema.h - the columns of queen.db. Names of states, causes and so on are stored as text, so that no number
 * depends on the order of a list. A change of these lists is a new version, with a step to it
 * (store_examine.c); new columns come behind the others. */
#ifndef SKEP_STORE_SCHEMA_H
#define SKEP_STORE_SCHEMA_H

#define STORE_VERSION 4
#define STORE_APPLICATION 0x534B4550 /* SKEP */

/* X(kind, column, member of the row) */
#define STORE_LIFE_COLUMNS(X)      \
    X(INT, epoch, epoch)           \
    X(INT, watch, watch)           \
    X(INT, loop, loop)             \
    X(INT, wall, wall)             \
    X(INT, grace_from, grace_from) \
    X(INT, last_event, last_event) \
    X(INT, acked, acked)           \
    X(INT, commanded, commanded)

#define STORE_INCIDENT_COLUMNS(X)   \
    X(INCIDENT_KIND, kind, kind)    \
    X(INCIDENT_CLASS, class, class) \
    X(STATE, state, state)          \
    X(CAUSE, cause, cause)          \
    X(INT, session, session)        \
    X(INT, connection, connection)  \
    X(INT, opened, opened)          \
    X(INT, ended, ended)            \
    X(INCIDENT_END, ended_by, end)

#define STORE_COLUMN_NAME(kind, column, member) ", " #column
#define STORE_INCIDENT_TABLE                                                                                         \
    "CREATE TABLE incident(id INTEGER PRIMARY KEY, hive TEXT NOT NULL, worker TEXT NOT NULL" STORE_INCIDENT_COLUMNS( \
        STORE_COLUMN_NAME) ");"

/* `ordinal` and `bytes` count all that were ever stored, up to this one: what is too much is found without a sum. */
#define STORE_EVENT_TABLE                                                                     \
    "CREATE TABLE event(id INTEGER PRIMARY KEY, hive TEXT NOT NULL, document TEXT NOT NULL, " \
    "ordinal INTEGER NOT NULL, bytes INTEGER NOT NULL);"

#define STORE_TOMBSTONE_COLUMNS(X) \
    X(INT, session, session)       \
    X(INT, added, added_at)        \
    X(INT, epoch, epoch)

#define STORE_RECORD_COLUMNS(X)                   \
    X(STATE, state, state)                        \
    X(CAUSE, cause, cause)                        \
    X(STATE, announced, announced)                \
    X(CAUSE, announced_cause, announced_cause)    \
    X(STATE, previous, previous)                  \
    X(INT, event_id, event_id)                    \
    X(INT, revision, revision)                    \
    X(INT, incident, incident)                    \
    X(INT, unannounced, unannounced)              \
    X(INT, silent, silent)                        \
    X(INT, since_wall, since_wall)                \
    X(INT, since_loop, since_loop)                \
    X(INT, session, session)                      \
    X(INT, connection, connection)                \
    X(INT, seq, seq)                              \
    X(INT, known, known)                          \
    X(INT, retired_1, retired[0])                 \
    X(INT, retired_2, retired[1])                 \
    X(INT, retired_3, retired[2])                 \
    X(INT, retired_4, retired[3])                 \
    X(INT, closed, closed)                        \
    X(INT, will_closed, will_closed)              \
    X(INT, interval_ms, interval_ms)              \
    X(INT, lease_ms, lease_ms)                    \
    X(INT, connect_ms, connect_ms)                \
    X(INT, rpc, rpc)                              \
    X(INT, over_http, over_http)                  \
    X(INT, life, life)                            \
    X(INT, epoch, epoch)                          \
    X(INT, received_at, received_at)              \
    X(INT, received_wall, received_wall)          \
    X(INT, not_before, not_before)                \
    X(INT, established, established)              \
    X(INT, progress, progress)                    \
    X(INT, was_zombie, was_zombie)                \
    X(PATH, path, evidence.path)                  \
    X(RESULT, result, evidence.result)            \
    X(INT, took, evidence.took)                   \
    X(INT, seen_at, evidence.seen_at)             \
    X(INT, last_seen_ago, evidence.last_seen_ago) \
    X(INT, has_exit, evidence.has_exit)           \
    X(INT, exit_code, evidence.code)              \
    X(SIGNAL, exit_signal, evidence.signal)       \
    X(INT, exit_oom, evidence.oom)                \
    X(INT, retain_s, retain_s)

#endif
