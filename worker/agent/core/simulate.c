#include "simulate.h"

#include <math.h>
#include <string.h>

#include "siphash.h"

#define SLOTS 8 /* requests worked on at the same time */

static const struct {
    const char *status;
    ms_t shortest, longest;
} phases[] = {
#define X(symbol, status, shortest, longest) [SIMULATE_##symbol] = { status, shortest, longest },
    SIMULATE_PHASES(X)
#undef X
};

static const struct {
    const char *name;
    int64_t latency_ms;
} models[] = {
    { "meta-llama/Llama-3-8b", 900 },
    { "mistralai/Mistral-7B-v0.3", 800 },
    { "Qwen/Qwen2.5-14B", 1600 },
    { "meta-llama/Llama-3-70b", 4200 },
};

static void enter_phase(struct simulate *simulate, enum simulate_phase phase)
{
    simulate->phase = phase;
    simulate->left = rng_between(&simulate->rng, phases[phase].shortest, phases[phase].longest);
}

void simulate_init(struct simulate *simulate, const char *id)
{
    static const struct siphash_key key = { 0 };
    size_t model;
    *simulate = (struct simulate){ .rng = { siphash(&key, id, strlen(id)) }, .last_inference_ms = NAN };
    model = (size_t)rng_between(&simulate->rng, 0, ARRAY_LEN(models) - 1);
    simulate->model = models[model].name;
    simulate->base_latency_ms = models[model].latency_ms;
    enter_phase(simulate, SIMULATE_LOADING);
}

/* Requests come, the slots fill, and what finds no slot waits. */
static void work(struct simulate *simulate)
{
    int64_t waiting = simulate->queue_depth + rng_between(&simulate->rng, 0, SLOTS);
    int64_t done = rng_between(&simulate->rng, 1, SLOTS);
    int64_t load;
    waiting = waiting > done ? waiting - done : 0;
    simulate->inflight = 1 + rng_between(&simulate->rng, 0, SLOTS - 1);
    simulate->queue_depth = waiting;
    load = 55 + 5 * simulate->inflight + rng_between(&simulate->rng, 0, 5);
    simulate->gpu_utilization = (double)load / 100.0;
    simulate->last_inference_ms = (double)rng_jitter(&simulate->rng, simulate->base_latency_ms, 30);
    simulate->advanced = true;
}

static void rest(struct simulate *simulate)
{
    simulate->inflight = 0;
    simulate->queue_depth = 0;
    simulate->gpu_utilization = (double)rng_between(&simulate->rng, 0, 3) / 100.0;
    simulate->advanced = false;
}

void simulate_step(struct simulate *simulate, ms_t elapsed)
{
    simulate->left -= elapsed;
    if (simulate->left <= 0)
        enter_phase(simulate, simulate->phase == SIMULATE_IDLE ? SIMULATE_BUSY : SIMULATE_IDLE);
    if (simulate->phase == SIMULATE_BUSY)
        work(simulate);
    else
        rest(simulate);
}

void simulate_write(const struct simulate *simulate, struct json_write *w)
{
    bool is_loaded = simulate->phase != SIMULATE_LOADING;
    json_open(w, '{');
    json_add_str(w, "status", phases[simulate->phase].status);
    json_add_str(w, "model_loaded", is_loaded ? simulate->model : NULL);
    json_add_number(w, "gpu_utilization", simulate->gpu_utilization);
    json_add_int(w, "queue_depth", simulate->queue_depth);
    json_add_int(w, "inflight", simulate->inflight);
    json_add_number(w, "last_inference_ms", simulate->last_inference_ms);
    json_open_member(w, "labels", '{');
    json_add_str(w, "simulated", "true");
    json_close(w, '}');
    json_close(w, '}');
}
