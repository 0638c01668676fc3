#include "listing.h"

#include <math.h>
#include <stdlib.h>

#include "verify.h"
#include "view.h"

#define SLICE_BYTES (64u * 1024)
#define SLICE_COST 20000     /* in units of about 50 ns */
#define COST_DOCUMENT 150    /* of decoding one */
#define COST_OF_HIVE 4       /* of each of a hive's workers: they lie apart in memory */
#define COST_ORDER 8         /* of putting one in order */
#define VERIFY_AT_ONCE 1000u /* more cannot be verified while a request waits (verify.h) */

enum phase { PHASE_SCAN, PHASE_ORDER, PHASE_WRITE, PHASE_END };

/* One that matches, and its place in a sorted list. */
struct candidate {
    double value;
    uint32_t number;
};

struct listing {
    struct arena arena; /* of the selection */
    struct selection selection;
    ms_t since;
    bool verifies; /* it gathers those that are to be verified, and writes nothing */
    enum phase phase;
    unsigned cost; /* of the slice at hand */

    uint32_t scanned; /* number of the last record that was examined */
    size_t total;     /* that match */
    bool more;        /* ... behind the page */
    uint32_t last;    /* number of the last one written */
    size_t written;

    struct candidate *best; /* a heap, the last in order on top; in and behind PHASE_ORDER the tail is in order */
    size_t count, size;
    size_t heaped; /* what is still a heap */

    bool begun;
    struct json_write w;
};

enum err listing_new(const struct selection *selection, ms_t since, struct listing **ret)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing)
        return ERR_NOMEM;
    arena_init(&listing->arena, 0);
    listing->since = since;
    if (selection_copy(&listing->arena, selection, &listing->selection) != OK) {
        queen_listing_free(listing);
        return ERR_NOMEM;
    }
    *ret = listing;
    return OK;
}

size_t queen_listing_bytes(const struct listing *listing)
{
    return sizeof *listing + listing->size * sizeof *listing->best;
}

void queen_listing_free(struct listing *listing)
{
    if (!listing)
        return;
    arena_clear(&listing->arena);
    free(listing->best);
    free(listing);
}

static bool comes_before(const struct candidate *a, const struct candidate *b)
{
    if (isnan(a->value) || isnan(b->value) || a->value == b->value)
        return isnan(a->value) == isnan(b->value) ? a->number < b->number : isnan(b->value);
    return a->value < b->value;
}

static void swap(struct candidate *a, struct candidate *b)
{
    struct candidate other = *a;
    *a = *b;
    *b = other;
}

static void sift_down(struct candidate *heap, size_t count)
{
    for (size_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && comes_before(&heap[child], &heap[child + 1]))
            child++;
        if (!comes_before(&heap[at], &heap[child]))
            return;
        swap(&heap[at], &heap[child]);
    }
}

static void sift_up(struct candidate *heap, size_t at)
{
    for (; at > 0 && comes_before(&heap[(at - 1) / 2], &heap[at]); at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

static bool make_room(struct listing *listing)
{
    size_t size = listing->size ? 2 * listing->size : 16;
    struct candidate *best;
    if (listing->count < listing->size)
        return true;
    if (!(best = realloc(listing->best, size * sizeof *best)))
        return false;
    listing->best = best;
    listing->size = size;
    return true;
}

/* How many are kept, those of the pages before included: in a sorted list the cursor is a position. */
static uint64_t kept(const struct listing *listing)
{
    const struct selection *selection = &listing->selection;
    if (listing->verifies)
        return selection->limit < VERIFY_AT_ONCE ? selection->limit : VERIFY_AT_ONCE;
    return selection->cursor + selection->limit;
}

/* False: no memory. */
static bool keep(struct listing *listing, struct candidate candidate)
{
    if (listing->count < kept(listing)) {
        if (!make_room(listing))
            return false;
        listing->best[listing->count++] = candidate;
        sift_up(listing->best, listing->count - 1);
    } else if (comes_before(&candidate, &listing->best[0])) {
        listing->best[0] = candidate;
        sift_down(listing->best, listing->count);
    }
    return true;
}

enum confirmation { CONFIRMATION_UNKNOWN, CONFIRMATION_CONFIRMED, CONFIRMATION_REFUTED };

/* What a verification that was asked for since then says of it. */
static enum confirmation confirmation_of(const struct listing *listing, const struct record *record)
{
    const struct verified *verified = verify_latest(record);
    if (!verified || verified->began < listing->since)
        return CONFIRMATION_UNKNOWN;
    if (verified->result == VERIFY_OK || (verified->result == VERIFY_UNKNOWN && !listing->selection.work))
        return CONFIRMATION_CONFIRMED;
    return CONFIRMATION_REFUTED;
}

static bool belongs(struct queen *queen, struct listing *listing, const struct record *record)
{
    bool read_document = false;
    bool matches = selection_matches(queen, &listing->selection, record, &read_document);
    if (read_document)
        listing->cost += COST_DOCUMENT;
    if (!matches || !listing->selection.verified)
        return matches;
    return listing->verifies ? confirmation_of(listing, record) != CONFIRMATION_REFUTED
                             : confirmation_of(listing, record) == CONFIRMATION_CONFIRMED;
}

static void write_record(const struct queen *queen, struct listing *listing, const struct record *record)
{
    (record_is_hive(record) ? view_hive : view_worker)(queen, record, false, &listing->w);
    if (record_is_hive(record)) /* which goes through its workers */
        listing->cost += (unsigned)(queen->registry.count / queen->registry.hive_count) * COST_OF_HIVE;
    listing->last = record->number;
    listing->written++;
}

/* One that belongs to the list. False: no memory. */
static bool take(const struct queen *queen, struct listing *listing, const struct record *record)
{
    const struct selection *selection = &listing->selection;
    listing->total++;
    if (selection->sort || listing->verifies)
        return keep(listing, (struct candidate){ selection->sort ? selection_value(queen, selection, record) : 0,
                                                 record->number });
    if (record->number <= selection->cursor)
        return true;
    if (listing->written < selection->limit)
        write_record(queen, listing, record);
    else
        listing->more = true;
    return true;
}

static bool is_slice_over(const struct listing *listing, size_t bytes)
{
    return listing->cost >= SLICE_COST || (listing->w.buf && (listing->w.buf->len >= bytes || !buf_ok(listing->w.buf)));
}

static bool scan(struct queen *queen, struct listing *listing, size_t bytes)
{
    const struct roll *roll = &queen->registry.roll;
    size_t at = roll_after(roll, listing->scanned);
    for (; at < roll->count && !is_slice_over(listing, bytes); at++) {
        const struct roll_entry *entry = &roll->entries[at];
        listing->scanned = entry->number;
        listing->cost++;
        if (entry->record && belongs(queen, listing, entry->record) && !take(queen, listing, entry->record))
            return false;
    }
    if (at < roll->count)
        return true;
    listing->heaped = listing->count;
    listing->written = listing->selection.cursor < listing->count ? listing->selection.cursor : listing->count;
    listing->phase = PHASE_ORDER;
    return true;
}

static void order(struct listing *listing)
{
    for (; listing->heaped > 1 && listing->cost < SLICE_COST; listing->cost += COST_ORDER) {
        swap(&listing->best[0], &listing->best[--listing->heaped]);
        sift_down(listing->best, listing->heaped);
    }
    if (listing->heaped <= 1)
        listing->phase = PHASE_WRITE;
}

static void write_end(const struct queen *queen, struct listing *listing)
{
    const struct selection *selection = &listing->selection;
    uint64_t end = selection->cursor + selection->limit;
    json_close(&listing->w, ']');
    json_add_int(&listing->w, "total", (int64_t)listing->total);
    if (selection->sort)
        json_add_int_if(&listing->w, "next", end < listing->total, (int64_t)end);
    else
        json_add_int_if(&listing->w, "next", listing->more, listing->last);
    view_put_view(queen, &listing->w);
    json_close(&listing->w, '}');
    listing->phase = PHASE_END;
}

static void write_sorted(const struct queen *queen, struct listing *listing, size_t bytes)
{
    while (listing->written < listing->count && !is_slice_over(listing, bytes)) {
        const struct record *record = roll_find(&queen->registry.roll, listing->best[listing->written].number);
        if (record)
            write_record(queen, listing, record);
        else /* it went meanwhile */
            listing->written++;
    }
    if (listing->written == listing->count)
        write_end(queen, listing);
}

static void begin(struct listing *listing)
{
    json_open(&listing->w, '{');
    json_key(&listing->w, listing->selection.hives ? "hives" : "workers");
    json_open(&listing->w, '[');
    listing->begun = true;
}

bool queen_listing_next(struct queen *queen, struct listing *listing, ms_t now, ms_t wall, struct buf *body)
{
    size_t bytes = body->len + SLICE_BYTES;
    queen->now = now;
    queen->wall = wall;
    listing->w.buf = body;
    listing->cost = 0;
    if (!listing->begun)
        begin(listing);
    while (listing->phase != PHASE_END && !is_slice_over(listing, bytes))
        if (listing->phase == PHASE_SCAN)
            body->failed |= !scan(queen, listing, bytes);
        else if (listing->phase == PHASE_ORDER)
            order(listing);
        else
            write_sorted(queen, listing, bytes);
    return buf_ok(body) && listing->phase != PHASE_END;
}

/* The first ones in order that no verification has refuted. */
static bool gather(struct queen *queen, struct listing *listing)
{
    for (; listing->phase == PHASE_SCAN; listing->cost = 0)
        if (!scan(queen, listing, 0))
            return false;
    for (; listing->phase == PHASE_ORDER; listing->cost = 0)
        order(listing);
    return true;
}

enum err listing_verify(struct queen *queen, const struct selection *selection, ms_t since, bool *ret_pending)
{
    struct listing listing = { .selection = *selection, .since = since, .verifies = true };
    bool whole = gather(queen, &listing), pending = false;
    for (size_t i = 0; whole && i < listing.count; i++) {
        struct record *record = roll_find(&queen->registry.roll, listing.best[i].number);
        if (confirmation_of(&listing, record) == CONFIRMATION_UNKNOWN && verify_begin(queen, record, true))
            pending = true;
    }
    free(listing.best);
    *ret_pending = pending;
    return whole ? OK : ERR_NOMEM;
}
