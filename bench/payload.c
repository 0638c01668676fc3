#include "payload.h"

#include <stdio.h>
#include <stdlib.h>

static const char seven[] = "{\"worker_id\":\"worker-%07u\",\"status\":\"idle\",\"gpu_utilization\":0.45,"
                            "\"model_loaded\":\"meta-llama/Llama-3-8b\",\"queue_depth\":%u,\"last_inference_ms\":1234,"
                            "\"timestamp\":\"2025-10-23T20:00:%02uZ\"}";

static const char full[] =
    "{\"worker_id\":\"worker-%07u\",\"status\":\"busy\",\"gpu_utilization\":0.45,"
    "\"model_loaded\":\"meta-llama/Llama-3-8b\",\"queue_depth\":%u,\"last_inference_ms\":1234.5,"
    "\"timestamp\":\"2025-10-23T20:00:%02u.123Z\",\"session\":\"%016x\",\"connection\":1,\"seq\":%07u,"
    "\"interval_ms\":30000,\"retain_s\":86400,\"progress\":%07u,\"progress_age_ms\":120,\"inflight\":3,"
    "\"pid\":12345,\"host\":\"gpu-rack-07.example\",\"version\":\"1.4.2\","
    "\"metrics\":{\"tokens_per_second\":812.25},\"labels\":{\"zone\":\"eu\",\"rack\":\"07\"}}";

void payload_name(unsigned worker, char ret[PAYLOAD_NAME_SIZE])
{
    snprintf(ret, PAYLOAD_NAME_SIZE, "worker-%07u", worker);
}

size_t payload_write(enum payload kind, unsigned worker, unsigned seq, char ret[PAYLOAD_SIZE])
{
    unsigned count = 1000000 + seq; /* JSON has no leading zeros */
    int len = kind == PAYLOAD_SEVEN
                  ? snprintf(ret, PAYLOAD_SIZE, seven, worker, seq % 10, seq % 60)
                  : snprintf(ret, PAYLOAD_SIZE, full, worker, seq % 10, seq % 60, worker + 1, count, count);
    if (len < 0 || (kind == PAYLOAD_FULL && len != PAYLOAD_FULL_LEN))
        abort();
    return (size_t)len;
}

/* A step that shares no factor with `count` meets everybody before it meets one again. */
unsigned payload_shuffle(uint64_t i, unsigned count)
{
    static const unsigned prime = 15485863;
    return (unsigned)(i * prime % count);
}
