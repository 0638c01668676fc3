#include "incident_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "keyed_hash.h"
#include "msg.h"
#include "siphash.h"

#define SUBJECT_SIZE (2 * NAME_SIZE + 2)
#define PLACES_FIRST 64

struct incident_entry {
    struct incident incident; /* first: its address is the one to free */
    struct fair_item item;
    UT_hash_handle hh; /* in `open` */
    struct incident_entry *prev, *next;
    bool is_unsaved; /* in that list */
    char subject[];  /* kind, hive NUL worker NUL */
};

static struct incident_entry *entry_of(const struct fair_item *item)
{
    return CONTAINER_OF(item, struct incident_entry, item);
}

static bool is_open(const struct incident_entry *entry)
{
    return entry->incident.is.ended == TIME_ABSENT;
}

/* Without the last NUL. */
static size_t subject_len(struct text hive, struct text worker)
{
    return 2 + hive.len + worker.len;
}

static void write_subject(enum incident_kind kind, struct text hive, struct text worker, char *ret)
{
    *ret++ = (char)('0' + kind);
    memcpy(ret, hive.len ? hive.at : "", hive.len);
    ret[hive.len] = '\0';
    ret += hive.len + 1;
    memcpy(ret, worker.len ? worker.at : "", worker.len);
    ret[worker.len] = '\0';
}

static void set_unsaved(struct incident_book *book, struct incident_entry *entry, bool is_unsaved)
{
    if (entry->is_unsaved && !is_unsaved)
        DL_DELETE(book->unsaved, entry);
    else if (!entry->is_unsaved && is_unsaved)
        DL_APPEND(book->unsaved, entry);
    entry->is_unsaved = is_unsaved;
}

static void close_entry(struct incident_book *book, struct incident_entry *entry)
{
    HASH_DELETE(hh, book->open, entry);
    book->open_count--;
}

/* Of the first one behind that number. */
static size_t place_after(const struct incident_book *book, uint64_t number)
{
    size_t low = 0, high = book->place_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (book->places[middle].number <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err reserve_place(struct incident_book *book)
{
    size_t size = book->place_size ? book->place_size + book->place_size / 8 : PLACES_FIRST;
    struct incident_place *places;
    if (book->place_count < book->place_size)
        return OK;
    if (!(places = realloc(book->places, size * sizeof *places)))
        return ERR_NOMEM;
    book->places = places;
    book->place_size = size;
    return OK;
}

static void leave_place(struct incident_book *book, const struct incident_entry *entry)
{
    size_t kept = 0;
    book->places[place_after(book, entry->incident.number) - 1].entry = NULL;
    if (++book->gaps <= PLACES_FIRST || book->gaps <= book->place_count / 2)
        return;
    for (size_t i = 0; i < book->place_count; i++)
        if (book->places[i].entry)
            book->places[kept++] = book->places[i];
    book->place_count = kept;
    book->gaps = 0;
}

static void drop(struct incident_book *book, struct incident_entry *entry)
{
    if (is_open(entry))
        close_entry(book, entry);
    set_unsaved(book, entry, false);
    leave_place(book, entry);
    fair_queue_remove(&book->queue, &entry->item);
    free(entry);
}

void incident_book_clear(struct incident_book *book)
{
    while (book->queue.items)
        drop(book, entry_of(book->queue.items));
    fair_queue_clear(&book->queue);
    free(book->places);
    book->places = NULL;
    book->place_count = book->place_size = book->gaps = 0;
}

static struct incident_entry *find(const struct incident_book *book, enum incident_kind kind, struct text hive,
                                   struct text worker)
{
    char subject[SUBJECT_SIZE];
    struct incident_entry *entry;
    write_subject(kind, hive, worker, subject);
    HASH_FIND(hh, book->open, subject, subject_len(hive, worker), entry);
    return entry;
}

static struct incident_entry *entry_new(struct text hive, struct text worker, const struct incident_row *row)
{
    struct incident_entry *entry = calloc(1, sizeof *entry + subject_len(hive, worker) + 1);
    if (!entry)
        return NULL;
    write_subject(row->kind, hive, worker, entry->subject);
    entry->incident =
        (struct incident){ .hive = entry->subject + 1, .worker = entry->subject + 2 + hive.len, .is = *row };
    return entry;
}

/* False: no memory. */
static bool add_open(struct incident_book *book, struct incident_entry *entry, size_t len)
{
    if (!is_open(entry))
        return true;
    HASH_ADD_KEYPTR(hh, book->open, entry->subject, len, entry);
    book->open_count += entry->hh.tbl != NULL;
    return entry->hh.tbl;
}

/* Takes the entry, or frees it. */
static enum err enter(struct incident_book *book, struct text hive, struct text worker, struct incident_entry *entry)
{
    size_t len = subject_len(hive, worker);
    if (!add_open(book, entry, len)) {
        free(entry);
        return ERR_NOMEM;
    }
    if (reserve_place(book) != OK || fair_queue_add(&book->queue, hive, &entry->item, sizeof *entry + len + 1) != OK) {
        if (is_open(entry))
            close_entry(book, entry);
        free(entry);
        return ERR_NOMEM;
    }
    entry->incident.number = ++book->last;
    book->places[book->place_count++] = (struct incident_place){ entry->incident.number, entry };
    return OK;
}

static void make_room(struct incident_book *book)
{
    while (book->queue.cost > INCIDENT_BOOK_BYTES)
        drop(book, entry_of(fair_queue_yielding(&book->queue)));
}

static void turn_into(struct incident_book *book, struct incident_entry *entry, const struct incident_row *row)
{
    struct incident_row is = *row;
    is.id = entry->incident.is.id;
    is.opened = entry->incident.is.opened;
    entry->incident.is = is;
    set_unsaved(book, entry, true);
}

enum err incident_book_add(struct incident_book *book, struct text hive, struct text worker,
                           const struct incident_row *row)
{
    struct incident_entry *entry = row->ended == TIME_ABSENT ? find(book, row->kind, hive, worker) : NULL;
    enum err err;
    if (entry) {
        turn_into(book, entry, row);
        return OK;
    }
    if (!(entry = entry_new(hive, worker, row)))
        return ERR_NOMEM;
    if ((err = enter(book, hive, worker, entry)) != OK)
        return err;
    set_unsaved(book, entry, true);
    make_room(book);
    return OK;
}

enum err incident_book_restore(struct incident_book *book, struct text hive, struct text worker,
                               const struct incident_row *row)
{
    struct incident_entry *entry;
    enum err err;
    if (row->ended == TIME_ABSENT)
        (void)incident_book_end(book, row->kind, hive, worker, INCIDENT_FORGOTTEN, row->opened);
    if (!(entry = entry_new(hive, worker, row)))
        return ERR_NOMEM;
    if ((err = enter(book, hive, worker, entry)) == OK)
        make_room(book);
    return err;
}

bool incident_book_end(struct incident_book *book, enum incident_kind kind, struct text hive, struct text worker,
                       enum incident_end end, ms_t at)
{
    struct incident_entry *entry = find(book, kind, hive, worker);
    if (!entry)
        return false;
    close_entry(book, entry);
    entry->incident.is.ended = at;
    entry->incident.is.end = end;
    set_unsaved(book, entry, true);
    return true;
}

const struct incident *incident_book_find(const struct incident_book *book, enum incident_kind kind, struct text hive,
                                          struct text worker)
{
    const struct incident_entry *entry = find(book, kind, hive, worker);
    return entry ? &entry->incident : NULL;
}

const struct incident *incident_book_after(const struct incident_book *book, uint64_t number)
{
    size_t place = place_after(book, number);
    while (place < book->place_count && !book->places[place].entry)
        place++;
    return place < book->place_count ? &book->places[place].entry->incident : NULL;
}

const struct incident *incident_book_oldest_open(const struct incident_book *book)
{
    return book->open ? &book->open->incident : NULL;
}

const struct incident *incident_book_next(const struct incident *incident)
{
    const struct fair_item *next = CONTAINER_OF(incident, struct incident_entry, incident)->item.next;
    return next ? &entry_of(next)->incident : NULL;
}

const struct incident *incident_book_next_unsaved(struct incident_book *book)
{
    struct incident_entry *entry = book->unsaved;
    if (!entry)
        return NULL;
    set_unsaved(book, entry, false);
    return &entry->incident;
}

void incident_book_lost(struct incident_book *book)
{
    const struct fair_item *item;
    DL_FOREACH(book->queue.items, item)
    {
        set_unsaved(book, entry_of(item), true);
    }
}

/* With a key that everybody has. */
uint64_t incident_fingerprint(const struct incident *incident)
{
    static const struct siphash_key key = { 0, 0 };
    const struct incident_row *is = &incident->is;
    char text[2 * NAME_SIZE + 64];
    int len = snprintf(text, sizeof text, "%s/%s %016llx %u %s", incident->hive, incident->worker,
                       (unsigned long long)is->session, is->connection, incident_class_name(is->class));
    return siphash(&key, text, (size_t)len);
}
