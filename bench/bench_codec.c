/* bench_codec.c - what reading and writing one message costs. */
#include "codec.h"
#include "figure.h"
#include "payload.h"

#define MESSAGES 200000

static struct arena arena;

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void decode_heartbeat(struct text document)
{
    struct heartbeat heartbeat;
    must(heartbeat_decode(&arena, document, &heartbeat, NULL) == OK);
    arena_reset(&arena);
}

static void decode_presence(struct text document)
{
    struct presence presence;
    must(presence_decode(&arena, document, &presence, NULL) == OK);
    arena_reset(&arena);
}

static void encode_heartbeat(struct text document)
{
    static struct heartbeat heartbeat;
    static struct arena kept;
    static struct buf out;
    static const char *last;
    if (last != document.at) {
        arena_reset(&kept);
        must(heartbeat_decode(&kept, document, &heartbeat, NULL) == OK);
        last = document.at;
    }
    buf_reset(&out);
    heartbeat_encode(&heartbeat, &out);
    must(buf_ok(&out));
}

static void measure(const char *what, void (*fn)(struct text document), struct text document)
{
    double rounds[FIGURE_ROUNDS];
    for (size_t round = 0; round < FIGURE_ROUNDS; round++) {
        uint64_t start = figure_cpu_ns();
        for (unsigned i = 0; i < MESSAGES; i++)
            fn(document);
        rounds[round] = (double)(figure_cpu_ns() - start) / MESSAGES;
    }
    figure_print(what, figure_median(rounds, FIGURE_ROUNDS), "ns");
}

int main(int argc, char **argv)
{
    static char seven[PAYLOAD_SIZE], full[PAYLOAD_SIZE];
    static const char presence[] =
        "{\"worker_id\":\"worker-0000001\",\"hive_id\":\"default\",\"presence\":\"stale\",\"cause\":"
        "\"connection_lost\",\"session\":\"00000000000000a1\",\"connection\":1,\"interval_ms\":30000,\"rpc\":true,"
        "\"exit\":null,\"pid\":12345,\"host\":\"gpu-rack-07.example\",\"version\":\"1.4.2\",\"endpoint\":null,"
        "\"timestamp\":\"2025-10-23T20:00:00.123Z\"}";
    size_t seven_len = payload_write(PAYLOAD_SEVEN, 1, 1, seven), full_len = payload_write(PAYLOAD_FULL, 1, 1, full);
    measure("codec: decode a heartbeat, seven fields", decode_heartbeat, (struct text){ seven, seven_len });
    measure("codec: decode a heartbeat, 472 bytes", decode_heartbeat, (struct text){ full, full_len });
    measure("codec: decode a presence", decode_presence, text_of(presence));
    measure("codec: encode a heartbeat, seven fields", encode_heartbeat, (struct text){ seven, seven_len });
    measure("codec: encode a heartbeat, 472 bytes", encode_heartbeat, (struct text){ full, full_len });
    return figures_exit(argc, argv);
}
