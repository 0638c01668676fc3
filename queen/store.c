#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "fd.h"
#include "store_sqlite.h"
#include "trust.h"

#define DATABASE "queen.db"
#define LOCK "lock"
#define BATCH_ROWS 4096
#define BATCH_BYTES (4u * 1024 * 1024) /* of texts: documents of events, and names */
#define EVERY_MS 1000
#define RETRY_MS 60000
#define WAIT_MS 2000

struct store {
    const char *dir;
    int folder, lock; /* -1 until opened; the writer's from the first batch on */

    pthread_t writer;
    bool has_writer;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_busy, is_closing,
        has_lost;          /* under the mutex; the writer has the batch and the database while it is busy */
    struct errbuf failure; /* ... of the last batch; "" = none */

    struct store_db *db; /* NULL: it cannot be opened at present */
    struct store_row *rows;
    size_t count;
    struct arena texts;
    struct errbuf fault; /* of the loop's thread */
    bool is_cut;         /* ... some of the batch found no memory */
    ms_t next_at;
};

static void path_of(const struct store *store, const char *file, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s/%s", store->dir, file); /* --state-dir has 4,000 bytes at most */
}

/* Its owner and mode; whether there is one afterwards. */
static enum err trust_database(const struct store *store, int flags, bool *ret_found, struct errbuf *e)
{
    char path[PATH_MAX];
    enum err err;
    int fd;
    path_of(store, DATABASE, path);
    err = trust_file(store->folder, path, TRUST_OWN, flags, &fd, e);
    *ret_found = err == OK;
    if (err == OK)
        close(fd);
    return err == ERR_NOT_FOUND ? OK : err;
}

static bool was_killed(const struct store *store)
{
    struct stat wal;
    return fstatat(store->folder, DATABASE "-wal", &wal, AT_SYMLINK_NOFOLLOW) == 0;
}

/* With what belongs to it, so that nothing of it is read again. */
static enum err move_aside(const struct store *store, struct errbuf *e)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    struct errbuf why = *e;
    ms_t at = clock_wall();
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char from[32], to[64];
        snprintf(from, sizeof from, DATABASE "%s", suffixes[i]);
        snprintf(to, sizeof to, DATABASE ".damaged-%lld%s", (long long)at, suffixes[i]);
        if (renameat(store->folder, from, store->folder, to) != 0 && errno != ENOENT)
            return err_set(e, ERR_IO, "%s/" DATABASE ": %s, and cannot be renamed: %s", store->dir, why.text,
                           strerror(errno));
    }
    return err_set(e, OK, "%s/" DATABASE ": %s; it is " DATABASE ".damaged-%lld now, and a new one is begun",
                   store->dir, why.text, (long long)at);
}

/* OK with a sentence: another one was moved aside. */
static enum err open_database(struct store *store, struct errbuf *e)
{
    struct errbuf moved = { 0 };
    char path[PATH_MAX];
    bool found;
    enum err err = OK;
    path_of(store, DATABASE, path);
    for (unsigned tries = 0; tries < 2; tries++) {
        struct errbuf why = { 0 };
        if ((err = trust_database(store, O_RDWR | O_CREAT, &found, e)) != OK)
            return err;
        if ((err = store_db_open(path, was_killed(store), &store->db, &why)) == OK)
            break;
        if (err != ERR_SYNTAX)
            return err_set(e, err, "%s: %s", path, why.text);
        if ((err = move_aside(store, &why)) != OK)
            return err_set(e, err, "%s", why.text);
        moved = why;
    }
    return moved.text[0] ? err_set(e, err, "%s", moved.text) : err;
}

/* In a folder that cannot be written there is one of an earlier process, or nothing to read. */
static enum err lock(struct store *store, struct errbuf *e)
{
    struct errbuf why = { 0 };
    char path[PATH_MAX];
    enum err err;
    int fd;
    path_of(store, LOCK, path);
    err = trust_file(store->folder, path, TRUST_OWN, O_RDWR | O_CREAT, &fd, &why);
    if (err == ERR_IO && trust_file(store->folder, path, TRUST_OWN, O_RDONLY | O_NONBLOCK, &fd, NULL) == OK)
        err = OK;
    if (err != OK)
        return err_set(e, err, "%s", why.text);
    if (fd_lock(fd)) {
        store->lock = fd;
        return OK;
    }
    err = errno == EWOULDBLOCK ? err_set(e, ERR_CONFLICT, "--state-dir %s: another queen uses it", store->dir)
                               : err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    close(fd);
    return err;
}

/* The folder, for this process alone. A later try opens it anew: something may have been mounted there. */
static enum err take_folder(struct store *store, struct errbuf *e)
{
    enum err err = trust_folder(store->dir, TRUST_OWN, &store->folder, e);
    if (err != OK)
        return err_set(e, err, "--state-dir %s", e->text);
    if ((err = lock(store, e)) == OK)
        return OK;
    store->folder = fd_close(store->folder);
    return err;
}

static void leave_folder(struct store *store)
{
    store->lock = fd_close(store->lock);
    store->folder = fd_close(store->folder);
}

/* Where the folder or the file that is locked was moved or removed, another queen may lock what is there now. */
static bool is_folder_ours(const struct store *store)
{
    struct stat ours, found;
    char path[PATH_MAX];
    path_of(store, LOCK, path);
    return store->lock >= 0 && fstat(store->lock, &ours) == 0 && lstat(path, &found) == 0 &&
           ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

static void store_free(struct store *store)
{
    if (!store)
        return;
    store_db_close(store->db);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->mutex);
    leave_folder(store);
    arena_clear(&store->texts);
    free(store->rows);
    free(store);
}
DEFINE_AUTO_FREE(store)

static struct store *store_new(const char *dir)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->dir = dir;
    store->folder = store->lock = -1;
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->changed, NULL);
    return store;
}

enum err store_open(const char *dir, struct store **ret, struct errbuf *e)
{
    auto_free(store) store = store_new(dir);
    enum err err;
    if (!store || !(store->rows = calloc(BATCH_ROWS, sizeof *store->rows)))
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = take_folder(store, e)) == OK)
        err = open_database(store, e);
    if (err == ERR_CONFLICT || err == ERR_REFUSED || err == ERR_NOMEM)
        return err;
    if (err != OK)
        store->fault = *e;
    *ret = HAND_OVER(store);
    return OK;
}

enum err store_check(const char *dir, struct errbuf *e)
{
    auto_free(store) store = store_new(dir);
    bool found;
    enum err err;
    if (!store)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = trust_folder_find(dir, TRUST_OWN, &store->folder, e)) != OK)
        return err_set(e, err, "--state-dir %s", e->text);
    return store->folder < 0 ? OK : trust_database(store, O_RDONLY, &found, e);
}

/* One that cannot be written; none if there is none. */
static enum err open_to_read(const struct store *store, struct store_db **ret, struct errbuf *e)
{
    struct errbuf why = { 0 };
    char path[PATH_MAX];
    bool found = false;
    enum err err = store->lock < 0 ? OK : trust_database(store, O_RDONLY, &found, e);
    if (!found)
        return err;
    path_of(store, DATABASE, path);
    err = store_db_open_to_read(path, was_killed(store), ret, &why);
    return err == OK ? OK : err_set(e, err, "%s: %s", path, why.text);
}

enum err store_load(struct store *store, enum err (*take)(void *user, const struct store_row *row), void *user,
                    size_t *ret_refused, struct errbuf *e)
{
    struct store_db *only_read = NULL;
    enum err err = OK;
    *ret_refused = 0;
    if (!store->db && ((err = open_to_read(store, &only_read, e)) != OK || !only_read))
        return err;
    if ((err = store_db_load(only_read ? only_read : store->db, take, user, ret_refused, e)) != OK)
        (void)err_set(e, err, "%s/" DATABASE ": %s", store->dir, e->text);
    else if (only_read)
        (void)err_set(&store->fault, OK, "%s; what it holds was read", store->fault.text);
    store_db_close(only_read);
    return err;
}

/* What it holds may not have been read, and all that is known is given anew: it is replaced. */
static enum err open_late(struct store *store, struct errbuf *e)
{
    enum err err = store->lock >= 0 ? OK : take_folder(store, e);
    if (err == OK && (err = open_database(store, e)) == OK)
        store_db_replace(store->db);
    return err;
}

static void close_database(struct store *store)
{
    store_db_close(store->db);
    store->db = NULL;
}

static enum err find_database(struct store *store, struct errbuf *e)
{
    bool is_ours = is_folder_ours(store);
    if (!is_ours)
        leave_folder(store);
    if (!store->db)
        return open_late(store, e);
    if (is_ours && !store_db_has_moved(store->db))
        return OK;
    close_database(store);
    return err_set(e, ERR_IO, "%s/" DATABASE ": it was removed or replaced", store->dir);
}

/* One that turns out to be damaged is moved aside; what could not be opened is tried again. */
static enum err write_batch(struct store *store, struct errbuf *e)
{
    enum err err = find_database(store, e);
    if (err != OK || (err = store_db_write(store->db, store->rows, store->count, store_has_room(store), e)) == OK)
        return err;
    if (err == ERR_SYNTAX) {
        close_database(store);
        (void)move_aside(store, e);
    }
    return err;
}

/* Its own copy of the sentence: the loop's thread reads that of the store. */
static void *write_batches(void *user)
{
    struct store *store = user;
    pthread_mutex_lock(&store->mutex);
    while (!store->is_closing || store->is_busy) {
        struct errbuf failure = { 0 };
        enum err err;
        if (!store->is_busy) {
            pthread_cond_wait(&store->changed, &store->mutex);
            continue;
        }
        pthread_mutex_unlock(&store->mutex);
        err = write_batch(store, &failure);
        pthread_mutex_lock(&store->mutex);
        store->has_lost |= err != OK;
        store->failure = err == OK ? (struct errbuf){ 0 } : failure;
        store->is_busy = false;
        pthread_cond_broadcast(&store->changed);
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* Signals are for the loop. */
static bool start_writer(struct store *store)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    store->has_writer = pthread_create(&store->writer, NULL, write_batches, store) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return store->has_writer;
}

bool store_takes(struct store *store, ms_t now)
{
    bool is_busy, has_failed;
    pthread_mutex_lock(&store->mutex);
    is_busy = store->is_busy;
    has_failed = !is_busy && store->failure.text[0];
    if (has_failed && store->has_lost)
        store->next_at = now + RETRY_MS;
    if (!is_busy && (has_failed || store->has_writer))
        store->fault = store->failure;
    pthread_mutex_unlock(&store->mutex);
    if (is_busy || now < store->next_at)
        return false;
    store->count = 0;
    arena_reset(&store->texts);
    return true;
}

bool store_has_room(const struct store *store)
{
    return store->count + 1 < BATCH_ROWS && store->texts.used < BATCH_BYTES;
}

static struct text copy(struct store *store, struct text text)
{
    char *at = text.len > 0 ? arena_copy(&store->texts, text) : NULL;
    return (struct text){ at, at ? text.len : 0 };
}

void store_put(struct store *store, const struct store_row *row)
{
    struct store_row *put = &store->rows[store->count++];
    *put = *row;
    put->hive = copy(store, row->hive);
    put->worker = copy(store, row->worker);
    if (row->kind == STORE_EVENT)
        put->event.document = copy(store, row->event.document);
    if (put->hive.len == row->hive.len && put->worker.len == row->worker.len &&
        (row->kind != STORE_EVENT || put->event.document.len == row->event.document.len))
        return;
    store->count--;
    store->is_cut = true;
}

void store_commit(struct store *store, ms_t now)
{
    store->next_at = store_has_room(store) ? now + EVERY_MS : now;
    pthread_mutex_lock(&store->mutex);
    store->is_busy = store->has_writer || start_writer(store);
    store->has_lost |= !store->is_busy;
    if (!store->is_busy)
        (void)err_set(&store->failure, ERR_IO, "no thread can be started");
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
}

bool store_has_lost(struct store *store)
{
    bool lost;
    pthread_mutex_lock(&store->mutex);
    lost = store->has_lost || store->is_cut;
    store->has_lost = store->is_cut = false;
    pthread_mutex_unlock(&store->mutex);
    return lost;
}

const char *store_fault(const struct store *store)
{
    return store->fault.text[0] ? store->fault.text : NULL;
}

bool store_wait(struct store *store)
{
    ms_t until = clock_wall() + WAIT_MS; /* of the clock that the condition takes */
    struct timespec at = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };
    bool is_busy;
    int code = 0;
    pthread_mutex_lock(&store->mutex);
    while (store->is_busy && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&store->changed, &store->mutex, &at);
    is_busy = store->is_busy;
    pthread_mutex_unlock(&store->mutex);
    return !is_busy;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (!store_wait(store)) /* the disk stands still: the process ends with all that the writer still uses */
        return;
    pthread_mutex_lock(&store->mutex);
    store->is_closing = true;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
    if (store->has_writer)
        pthread_join(store->writer, NULL);
    store_free(store);
}
