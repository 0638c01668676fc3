#include "listing.h"

#include <math.h>
#include <stdlib.h>

#include "slices.h"
#include "verify.h"
#include "verify_wait.h"
#include "view.h"

#define COST_DOCUMENT 120 /* of decoding one, and a unit for each two bytes */
#define COST_ORDER 8      /* of putting one in order */

enum phase { PHASE_SCAN, PHASE_ORDER, PHASE_VERIFY, PHASE_WAIT, PHASE_WRITE, PHASE_END };

/* One that matches, and its place in a sorted list. */
struct candidate {
    double value;
    uint32_t number;
};

struct list {
    struct listing slices;
    struct arena arena; /* of the selection */
    struct selection selection;
    ms_t since;
    ms_t until; /* it waits for verifications until then; 0 = it has begun none */
    enum phase phase;

    uint32_t scanned; /* number of the last record that was examined */
    size_t total;     /* that match */
    bool more;        /* ... behind the page */
    uint32_t last;    /* number of the last one written */
    size_t written;

    struct candidate *best; /* a heap, the last in order on top; in and behind PHASE_ORDER the tail is in order */
    size_t count, size;
    size_t heaped;    /* what is still a heap */
    size_t awaited;   /* so many of the first are to be verified */
    size_t settled;   /* ... for so many it does not wait any more */
    size_t confirmed; /* ... of which so many */
    size_t at;        /* the next to be written */

    bool begun;
    struct json_write w;
};

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

static bool make_room(struct list *listing)
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

/* Nothing is written before all were scanned: then the best of them, in order, or those of them that are confirmed. */
static bool is_gathered(const struct selection *selection)
{
    return selection->sort || selection->verified;
}

/* Where its page ends: in a sorted list the cursor is a position. */
static uint64_t page_end(const struct selection *selection)
{
    return (selection->sort ? selection->cursor : 0) + selection->limit;
}

static ms_t verify_wait(const struct queen *queen)
{
    return queen->options.verify_timeout + VERIFY_WAIT_EXTRA_MS;
}

/* How many are kept: a page and those before it, or as many as can be verified while the request waits (verify.h). */
static uint64_t kept(const struct queen *queen, const struct selection *selection)
{
    return selection->verified ? (uint64_t)(verify_wait(queen) / 1000 + 1) * VERIFY_PER_SECOND : page_end(selection);
}

/* False: no memory. */
static bool keep(const struct queen *queen, struct list *listing, struct candidate candidate)
{
    if (listing->count < kept(queen, &listing->selection)) {
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
static enum confirmation confirmation_of(const struct list *listing, const struct record *record)
{
    const struct verified *verified = record ? verify_latest(record) : NULL;
    if (!record)
        return CONFIRMATION_REFUTED;
    if (!verified || verified->began < listing->since)
        return CONFIRMATION_UNKNOWN;
    if (verified->result == VERIFY_OK || (verified->result == VERIFY_UNKNOWN && !listing->selection.work))
        return CONFIRMATION_CONFIRMED;
    return CONFIRMATION_REFUTED;
}

static bool matches(struct queen *queen, struct list *listing, const struct roll_entry *entry)
{
    bool read_document = false;
    bool does_match = selection_matches(queen, &listing->selection, entry, &read_document);
    if (read_document)
        listing->slices.cost += COST_DOCUMENT + (unsigned)document_text(entry->record->document).len / 2;
    return does_match;
}

static void write_record(const struct queen *queen, struct list *listing, const struct record *record)
{
    listing->more = listing->written == listing->selection.limit;
    if (listing->more)
        return;
    (record_is_hive(record) ? view_hive : view_worker)(queen, record, false, &listing->w);
    listing->last = roll_entry_of(&queen->registry.roll, record)->number;
    listing->written++;
}

/* One that matches. False: no memory. */
static bool take(const struct queen *queen, struct list *listing, const struct roll_entry *entry)
{
    const struct selection *selection = &listing->selection;
    bool is_behind = selection->sort || entry->number > selection->cursor;
    listing->total += !selection->verified;
    if (is_behind && is_gathered(selection))
        return keep(
            queen, listing,
            (struct candidate){ selection->sort ? selection_value(queen, selection, entry) : 0, entry->number });
    if (is_behind)
        write_record(queen, listing, entry->record);
    return true;
}

static bool scan(struct queen *queen, struct list *listing)
{
    const struct roll *roll = &queen->registry.roll;
    size_t at = roll_after(roll, listing->scanned);
    for (; at < roll->count && !slice_is_over(&listing->slices); at++) {
        const struct roll_entry *entry = &roll->entries[at];
        listing->scanned = entry->number;
        listing->slices.cost++;
        if (entry->record && matches(queen, listing, entry) && !take(queen, listing, entry))
            return false;
    }
    if (at < roll->count)
        return true;
    listing->heaped = listing->count;
    if (listing->selection.sort && !listing->selection.verified)
        listing->at = listing->selection.cursor < listing->count ? listing->selection.cursor : listing->count;
    listing->phase = PHASE_ORDER;
    return true;
}

static void order(struct list *listing)
{
    for (; listing->heaped > 1 && listing->slices.cost < SLICE_COST; listing->slices.cost += COST_ORDER) {
        swap(&listing->best[0], &listing->best[--listing->heaped]);
        sift_down(listing->best, listing->heaped);
    }
    if (listing->heaped <= 1)
        listing->phase = listing->selection.verified ? PHASE_VERIFY : PHASE_WRITE;
}

static void write_end(const struct queen *queen, struct list *listing)
{
    const struct selection *selection = &listing->selection;
    uint64_t end = page_end(selection);
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

/* It is confirmed, matches still, and in a sorted list others of that kind fill the pages before. */
static bool is_on_page(struct queen *queen, struct list *listing, const struct record *record)
{
    const struct selection *selection = &listing->selection;
    if (confirmation_of(listing, record) != CONFIRMATION_CONFIRMED ||
        !matches(queen, listing, roll_entry_of(&queen->registry.roll, record)))
        return false;
    return ++listing->total > selection->cursor || !selection->sort;
}

/* NULL: it went meanwhile. */
static struct record *candidate_at(const struct queen *queen, const struct list *listing, size_t at)
{
    return roll_find(&queen->registry.roll, listing->best[at].number);
}

static void write_gathered(struct queen *queen, struct list *listing)
{
    while (listing->at < listing->count && !slice_is_over(&listing->slices)) {
        const struct record *record = candidate_at(queen, listing, listing->at++);
        if (record && (!listing->selection.verified || is_on_page(queen, listing, record)))
            write_record(queen, listing, record);
    }
    if (listing->at == listing->count)
        write_end(queen, listing);
}

static void begin(struct list *listing)
{
    json_open(&listing->w, '{');
    json_key(&listing->w, listing->selection.hives ? "hives" : "workers");
    json_open(&listing->w, '[');
    listing->begun = true;
}

/* Begins the verifications that are still missing for a full page. False: no memory. */
static bool verify(struct queen *queen, struct list *listing)
{
    uint64_t hoped_for = listing->confirmed, wanted = page_end(&listing->selection);
    if (!listing->until)
        listing->until = queen->now + verify_wait(queen);
    listing->phase = PHASE_WRITE;
    for (listing->awaited = listing->settled; listing->awaited < listing->count && hoped_for < wanted;
         listing->awaited++) {
        struct record *record = candidate_at(queen, listing, listing->awaited);
        enum confirmation confirmation = confirmation_of(listing, record);
        enum err err = OK;
        if (confirmation == CONFIRMATION_UNKNOWN)
            err = verify_begin(queen, record, VERIFY_FOR_LIST);
        if (err == ERR_NOMEM)
            return false;
        if (err != OK) /* too many of its hive wait: first those that do */
            break;
        hoped_for += confirmation != CONFIRMATION_REFUTED;
        if (confirmation == CONFIRMATION_UNKNOWN)
            listing->phase = PHASE_WAIT;
    }
    return true;
}

/* In their order, so that what was found once is not looked for again. False: some are still under way. */
static bool await_verified(const struct queen *queen, struct list *listing)
{
    bool is_over = queen->now >= listing->until;
    for (; !is_over && listing->settled < listing->awaited; listing->settled++) {
        const struct record *record = candidate_at(queen, listing, listing->settled);
        enum confirmation confirmation = confirmation_of(listing, record);
        if (confirmation == CONFIRMATION_UNKNOWN && verify_is_going_on(record))
            return false;
        if (confirmation == CONFIRMATION_UNKNOWN) /* what went on had begun before: it is verified once more */
            break;
        listing->confirmed += confirmation == CONFIRMATION_CONFIRMED;
    }
    listing->phase = is_over ? PHASE_WRITE : PHASE_VERIFY;
    return true;
}

/* False: no memory. */
static bool go_on(struct queen *queen, struct list *listing)
{
    if (listing->phase == PHASE_SCAN)
        return scan(queen, listing);
    if (listing->phase == PHASE_VERIFY)
        return verify(queen, listing);
    if (listing->phase == PHASE_ORDER)
        order(listing);
    else
        write_gathered(queen, listing);
    return true;
}

static bool list_go_on(struct queen *queen, struct listing *slices)
{
    struct list *listing = (struct list *)slices;
    listing->w.buf = slices->body;
    while (listing->phase != PHASE_END && !slice_is_over(slices)) {
        if (listing->phase == PHASE_WAIT && !await_verified(queen, listing))
            break;
        if (!listing->begun && (!is_gathered(&listing->selection) || listing->phase == PHASE_WRITE))
            begin(listing);
        slices->body->failed |= !go_on(queen, listing);
    }
    return listing->phase != PHASE_END;
}

static ms_t list_wait(const struct listing *slices)
{
    const struct list *listing = (const struct list *)slices;
    return listing->phase == PHASE_WAIT ? listing->until : 0;
}

static size_t list_bytes(const struct listing *slices)
{
    const struct list *listing = (const struct list *)slices;
    return sizeof *listing + listing->size * sizeof *listing->best;
}

static void list_free(struct listing *slices)
{
    struct list *listing = (struct list *)slices;
    arena_clear(&listing->arena);
    free(listing->best);
    free(listing);
}

static const struct listing_kind kind = { list_go_on, list_wait, list_bytes, list_free };

enum err listing_new(const struct selection *selection, ms_t since, struct listing **ret)
{
    struct list *listing = calloc(1, sizeof *listing);
    if (!listing)
        return ERR_NOMEM;
    listing->slices.kind = &kind;
    listing->since = since;
    if (selection_copy(&listing->arena, selection, &listing->selection) != OK) {
        list_free(&listing->slices);
        return ERR_NOMEM;
    }
    *ret = &listing->slices;
    return OK;
}
