/* bench_devices.c - what a device of another system costs the queen, held against a worker: a message from the topic to
 * the registry, and memory. Both are in one queen, and beat in turns; the devices' section is the only one, or the last
 * of as many as there may be, so that all others are tried first. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "figure.h"
#include "payload.h"
#include "queen.h"
#include "topic.h"

#define EACH 10000 /* workers, and devices */
#define RATIO_LIMIT 1.0
#define BYTES_LIMIT 1.0

struct world {
    struct queen *queen;
    struct outbox outbox;
    struct devices devices;
    ms_t now;
};

struct sender {
    char topic[TOPIC_SIZE], document[PAYLOAD_SIZE];
};

/* As Tasmota publishes it every 5 min. */
static const char telemetry[] =
    "{\"Time\":\"2024-02-24T22:20:38\",\"Uptime\":\"0T00:10:11\",\"UptimeSec\":611,\"Heap\":24,\"SleepMode\":"
    "\"Dynamic\","
    "\"Sleep\":50,\"LoadAvg\":19,\"MqttCount\":1,\"POWER\":\"OFF\",\"Wifi\":{\"AP\":1,\"SSId\":\"ESP-Network\","
    "\"BSSId\":"
    "\"E6:8D:8C:4B:BE:F7\",\"Channel\":3,\"Mode\":\"11n\",\"RSSI\":44,\"Signal\":-78,\"LinkCount\":1,\"Downtime\":"
    "\"0T00:00:05\"}}";

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void hear(struct world *world, const char *topic, const char *payload)
{
    struct message message = { .topic = text_of(topic), .payload = text_of(payload) };
    queen_step(world->queen,
               &(struct input){ .kind = INPUT_MESSAGE, .now = world->now, .wall = world->now, .message = &message },
               &world->outbox);
    must(!world->outbox.failed);
    outbox_reset(&world->outbox);
}

static void key(struct devices *devices, const char *section, const char *name, const char *value)
{
    must(devices_key(devices, section, name, value, 1, NULL) == OK);
}

static void make_devices(struct devices *devices, unsigned before)
{
    devices_init(devices, "skep/v1");
    for (unsigned i = 0; i < before; i++) {
        char section[32], topic[32];
        snprintf(section, sizeof section, "device \"s%u\"", i);
        snprintf(topic, sizeof topic, "s%u/%%n/LWT", i);
        key(devices, section, NULL, NULL);
        key(devices, section, "topic", topic);
    }
    key(devices, "device \"tasmota\"", NULL, NULL);
    key(devices, "device \"tasmota\"", "preset", "tasmota");
    must(devices_finish(devices, "bench", NULL) == OK);
}

static void make_world(struct world *world, unsigned before)
{
    struct queen_options options = { .root = "skep/v1",
                                     .id = "queen",
                                     .session = 1,
                                     .secret = { 11, 12 },
                                     .stale_after = 90000,
                                     .confirm_wait = 250,
                                     .return_grace = 35000,
                                     .max_workers = 2 * EACH,
                                     .max_document_bytes = SIZE_MAX,
                                     .devices = &world->devices };
    *world = (struct world){ .now = 1000000 };
    make_devices(&world->devices, before);
    must(queen_new(&options, world->now, world->now, &world->queen, NULL) == OK);
}

/* The next heartbeat of each worker; what each device publishes on a topic of its own. */
static void write_workers(struct sender *senders, enum payload kind, unsigned seq)
{
    for (unsigned i = 0; i < EACH; i++) {
        char name[PAYLOAD_NAME_SIZE];
        unsigned worker = payload_shuffle(i, EACH);
        payload_name(worker, name);
        payload_write(kind, worker, seq, senders[i].document);
        snprintf(senders[i].topic, TOPIC_SIZE, "skep/v1/hive/default/worker/%s/heartbeat", name);
    }
}

static void write_devices(struct sender *senders, const char *leaf, const char *payload)
{
    for (unsigned i = 0; i < EACH; i++) {
        char name[PAYLOAD_NAME_SIZE];
        payload_name(payload_shuffle(i, EACH), name);
        snprintf(senders[i].document, PAYLOAD_SIZE, "%s", payload);
        snprintf(senders[i].topic, TOPIC_SIZE, "tele/%s/%s", name, leaf);
    }
}

/* Nanoseconds a message. */
static double hear_all(struct world *world, const struct sender *senders)
{
    uint64_t start = figure_cpu_ns();
    for (unsigned i = 0; i < EACH; i++)
        hear(world, senders[i].topic, senders[i].document);
    world->now += 1000;
    return (double)(figure_cpu_ns() - start) / EACH;
}

static size_t bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void print(const char *what, double value, const char *unit, unsigned before, double limit)
{
    char line[96];
    snprintf(line, sizeof line, "devices, behind %u sections: %s", before, what);
    if (limit > 0)
        figure_print_limited(line, value, unit, limit);
    else
        figure_print(line, value, unit);
}

static double fill(struct world *world, const struct sender *senders)
{
    size_t before = bytes_in_use();
    (void)hear_all(world, senders);
    return (double)(bytes_in_use() - before) / EACH;
}

static void measure(struct sender *senders, unsigned before)
{
    struct world world;
    double worker[FIGURE_ROUNDS], device[FIGURE_ROUNDS], word[FIGURE_ROUNDS], ratio[FIGURE_ROUNDS], bytes[2];
    make_world(&world, before);
    write_workers(senders, PAYLOAD_FULL, 0);
    bytes[0] = fill(&world, senders);
    write_devices(senders, "LWT", "Online");
    bytes[1] = fill(&world, senders);
    for (unsigned round = 0; round < FIGURE_ROUNDS; round++) {
        write_workers(senders, PAYLOAD_FULL, round + 1);
        worker[round] = hear_all(&world, senders);
        write_devices(senders, "STATE", telemetry);
        device[round] = hear_all(&world, senders);
        write_devices(senders, "LWT", "Online");
        word[round] = hear_all(&world, senders);
        ratio[round] = device[round] / worker[round];
    }
    print("a heartbeat of a worker, 472 bytes", figure_median(worker, FIGURE_ROUNDS), "ns", before, 0);
    print("telemetry of a device", figure_median(device, FIGURE_ROUNDS), "ns", before, 0);
    print("its online word", figure_median(word, FIGURE_ROUNDS), "ns", before, 0);
    print("telemetry / heartbeat", figure_median(ratio, FIGURE_ROUNDS), "x", before, before == 0 ? RATIO_LIMIT : 0);
    print("bytes of a device / of a worker", bytes[1] / bytes[0], "x", before, BYTES_LIMIT);
    queen_free(world.queen);
    outbox_clear(&world.outbox);
    devices_clear(&world.devices);
}

int main(int argc, char **argv)
{
    struct sender *senders = calloc(EACH, sizeof *senders);
    must(senders != NULL);
    measure(senders, 0);
    measure(senders, DEVICES_MAX - 1);
    free(senders);
    return figures_exit(argc, argv);
}
