/* bench_registry.c - what a worker costs the queen: its memory, one heartbeat of it, and a tick in which nothing is
 * due. A heartbeat is held against the least that any registry does: a uthash find and a copy of the same bytes, on a
 * table of as many elements, met in the same order. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "bare_table.h"
#include "codec.h"
#include "figure.h"
#include "judge.h"
#include "payload.h"
#include "queen_state.h"
#include "step.h"

#define BLOCK 100000 /* updates of one side before the other has its turn */
#define TICKS 100000
#define PASSES_MAX 16
#define UPDATE_LIMIT 3.0
#define BYTES_LIMIT 1024.0

struct world {
    struct queen *queen;
    struct outbox outbox;
    struct bare *bare;
    unsigned workers;
    ms_t now;
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What malloc has handed out, without the ring of events: that has one size, however many workers there are. And
 * without what is owed an announcement: of a hive whose workers all come at one instant nearly all are, for a while. */
static size_t bytes_in_use(const struct world *world)
{
    struct mallinfo2 info = mallinfo2();
    const struct event_ring *ring = &world->queen->events;
    size_t bytes = info.uordblks + info.hblkhd;
    for (const struct event *event = event_ring_after(ring, 0); event; event = event_ring_next(event))
        bytes -= malloc_usable_size((void *)event) + sizeof(size_t); /* each is one block, and begins it */
    for (size_t i = 0; i < world->queen->registry.roll.count; i++)
        if (world->queen->registry.roll.entries[i].record->owed)
            bytes -= malloc_usable_size(world->queen->registry.roll.entries[i].record->owed) + sizeof(size_t);
    return bytes;
}

static void step(struct world *world, struct input input)
{
    input.now = input.wall = world->now;
    queen_step(world->queen, &input, &world->outbox);
    must(!world->outbox.failed);
    outbox_reset(&world->outbox);
}

static void beat(struct world *world, unsigned worker, unsigned seq)
{
    char topic[TOPIC_SIZE], name[PAYLOAD_NAME_SIZE], document[PAYLOAD_SIZE];
    size_t len = payload_write(PAYLOAD_FULL, worker, seq, document);
    payload_name(worker, name);
    snprintf(topic, sizeof topic, "skep/v1/hive/default/worker/%s/heartbeat", name);
    step(world,
         (struct input){ .kind = INPUT_MESSAGE,
                         .message = &(struct message){ .topic = text_of(topic), .payload = { document, len } } });
}

static void put_in(struct world *world, struct input input)
{
    input.now = input.wall = world->now;
    queen_step(world->queen, &input, &world->outbox);
}

/* As a broker at which nobody else is: it grants every subscription, and nobody subscribes to what is published. */
static void answer(struct world *world)
{
    while (world->outbox.first) {
        struct outbox seen = world->outbox;
        world->outbox = (struct outbox){ 0 };
        for (const struct effect *effect = seen.first; effect; effect = effect->next)
            if (effect->kind == EFFECT_SUBSCRIBE)
                put_in(world, (struct input){ .kind = INPUT_SUBSCRIBED, .token = effect->subscribe.token });
            else if (effect->kind == EFFECT_PUBLISH)
                put_in(world, (struct input){ .kind = INPUT_ACKED, .token = effect->publish.token, .reason = 0x10 });
        outbox_clear(&seen);
    }
}

static void link_as_far_as_asked(struct world *world)
{
    step(world, (struct input){ .kind = INPUT_CONNECTING });
    put_in(world, (struct input){ .kind = INPUT_LINK_UP });
    answer(world);
}

/* The first link finds out that nobody else holds the queen's id; on the second one what is stored is read in passes,
 * each of which ends with a marker. */
static void link_up(struct world *world)
{
    link_as_far_as_asked(world);
    step(world, (struct input){ .kind = INPUT_LINK_DOWN });
    link_as_far_as_asked(world);
    for (unsigned pass = 0; pass < PASSES_MAX && !queen_sees(world->queen); pass++) {
        char marker[HEX64_SIZE];
        hex64_to_text(world->queen->snapshot.marker, marker);
        put_in(world, (struct input){ .kind = INPUT_MESSAGE,
                                      .message = &(struct message){ .topic = text_of(world->queen->member.reply_topic),
                                                                    .payload = TEXT("{}"),
                                                                    .correlation = text_of(marker) } });
        answer(world);
    }
    must(queen_sees(world->queen));
}

/* The limits are those of a queen's options, with room for everybody. */
static void make_queen(struct world *world)
{
    struct queen_options options = { .root = "skep/v1",
                                     .id = "queen",
                                     .session = 1,
                                     .secret = { 11, 12 },
                                     .stale_after = 90000,
                                     .confirm_wait = 250,
                                     .return_grace = 35000,
                                     .max_workers = world->workers + 1,
                                     .max_document_bytes = SIZE_MAX };
    world->outbox = (struct outbox){ 0 };
    must(queen_new(&options, world->now, world->now, &world->queen, NULL) == OK);
    link_up(world);
}

/* One worker more is there before, with what all share: arenas and buffers. */
static double fill(struct world *world)
{
    size_t before;
    beat(world, world->workers, 0);
    before = bytes_in_use(world);
    for (unsigned i = 0; i < world->workers; i++)
        beat(world, payload_shuffle(i, world->workers), 0);
    must(world->queen->registry.counts[STATE_ONLINE] == world->workers + 1);
    return (double)(bytes_in_use(world) - before) / world->workers;
}

static void bare_key(const char *name, char ret[8 + PAYLOAD_NAME_SIZE])
{
    strcpy(ret, "default/");
    strcat(ret, name);
}

static void fill_bare(struct world *world)
{
    for (unsigned i = 0; i < world->workers; i++) {
        char name[PAYLOAD_NAME_SIZE], key[8 + PAYLOAD_NAME_SIZE];
        payload_name(payload_shuffle(i, world->workers), name);
        bare_key(name, key);
        bare_add(&world->bare, key);
    }
}

/* One sequence of workers for both sides: who has sent something, and what it was, decoded. */
struct arrivals {
    struct sender {
        unsigned worker;
        char name[PAYLOAD_NAME_SIZE];
    } * senders;
    char document[PAYLOAD_SIZE];
    struct heartbeat heartbeat;
    struct arena arena;
};

static void arrive(struct arrivals *arrivals, unsigned workers, unsigned round)
{
    for (unsigned i = 0; i < BLOCK; i++) {
        struct sender *sender = &arrivals->senders[i];
        sender->worker = payload_shuffle((uint64_t)round * BLOCK + i, workers);
        payload_name(sender->worker, sender->name);
    }
}

static double update_bare(struct world *world, const struct arrivals *arrivals)
{
    uint64_t start = figure_cpu_ns();
    for (unsigned i = 0; i < BLOCK; i++) {
        char key[8 + PAYLOAD_NAME_SIZE];
        bare_key(arrivals->senders[i].name, key);
        bare_store(world->bare, key, arrivals->document);
    }
    return (double)(figure_cpu_ns() - start) / BLOCK;
}

/* What intake.c does behind the codec: the next heartbeat of each, in order. */
static double update_queen(struct world *world, struct arrivals *arrivals)
{
    uint64_t start = figure_cpu_ns();
    for (unsigned i = 0; i < BLOCK; i++) {
        struct record *record;
        struct sign sign;
        arrivals->heartbeat.session = arrivals->senders[i].worker + 1;
        arrivals->heartbeat.seq++;
        queen_enter(world->queen, world->now, world->now, &world->outbox);
        record = registry_find(&world->queen->registry, TEXT("default"), text_of(arrivals->senders[i].name));
        tombstones_remove(&world->queen->tombstones, TEXT("default"), text_of(arrivals->senders[i].name));
        sign = sign_of_heartbeat(&arrivals->heartbeat);
        (void)judge_heartbeat(world->queen, record, &sign, (struct text){ arrivals->document, PAYLOAD_FULL_LEN },
                              false);
        queen_leave(world->queen);
    }
    must(!world->outbox.first && world->queen->counters.ignored[INCARNATION_OLD_SEQ] == 0);
    return (double)(figure_cpu_ns() - start) / BLOCK;
}

static double tick(struct world *world)
{
    uint64_t start = figure_cpu_ns();
    for (unsigned i = 0; i < TICKS; i++)
        step(world, (struct input){ .kind = INPUT_TICK });
    return (double)(figure_cpu_ns() - start) / TICKS;
}

static void print(const char *what, unsigned workers, double value, const char *unit, double limit)
{
    char line[80];
    snprintf(line, sizeof line, "registry, %u workers: %s", workers, what);
    if (limit > 0)
        figure_print_limited(line, value, unit, limit);
    else
        figure_print(line, value, unit);
}

static void arrivals_init(struct arrivals *arrivals)
{
    arrivals->senders = calloc(BLOCK, sizeof *arrivals->senders);
    must(arrivals->senders != NULL);
    arrivals->arena = (struct arena){ 0 };
    payload_write(PAYLOAD_FULL, 1, 1, arrivals->document);
    must(heartbeat_decode(&arrivals->arena, (struct text){ arrivals->document, PAYLOAD_FULL_LEN }, &arrivals->heartbeat,
                          NULL) == OK);
}

static double measure(unsigned workers, struct arrivals *arrivals)
{
    struct world world = { .workers = workers, .now = 1000000 };
    double bare[FIGURE_ROUNDS], update[FIGURE_ROUNDS], ratio[FIGURE_ROUNDS], ticks;
    make_queen(&world);
    print("bytes each", workers, fill(&world), "B", BYTES_LIMIT);
    fill_bare(&world);
    for (unsigned round = 0; round < FIGURE_ROUNDS; round++) {
        arrive(arrivals, workers, round);
        bare[round] = update_bare(&world, arrivals);
        update[round] = update_queen(&world, arrivals);
        ratio[round] = update[round] / bare[round];
    }
    ticks = tick(&world);
    print("find and copy", workers, figure_median(bare, FIGURE_ROUNDS), "ns", 0);
    print("update", workers, figure_median(update, FIGURE_ROUNDS), "ns", 0);
    print("update / find and copy", workers, figure_median(ratio, FIGURE_ROUNDS), "x", UPDATE_LIMIT);
    print("a tick with nothing due", workers, ticks, "ns", 0);
    bare_clear(&world.bare);
    queen_free(world.queen);
    outbox_clear(&world.outbox);
    return ticks;
}

int main(int argc, char **argv)
{
    static struct arrivals arrivals;
    double few, many;
    arrivals_init(&arrivals);
    few = measure(1000, &arrivals);
    measure(100000, &arrivals);
    many = measure(1000000, &arrivals);
    figure_print_limited("registry: a tick at 1,000,000 / at 1,000 workers", many / few, "x", 2);
    arena_clear(&arrivals.arena);
    free(arrivals.senders);
    return figures_exit(argc, argv);
}
