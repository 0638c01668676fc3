/* engine.c - names of metrics and members are those of the engines' documentation; tests/unit/probe has an answer of
 * each, with its version.
 *
 * What counts as progress moves with each step of the engine. What moves when a request has ended does not count: a
 * long one would look like work that stands still. */
#include "engine.h"

#define RULES(table) .rules = (table), .rule_count = ARRAY_LEN(table)

/* tokens_predicted_total jumps when a request ends. */
static const struct rule llama_metrics[] = {
    { "llamacpp:requests_processing", TO_INFLIGHT },
    { "llamacpp:requests_deferred", TO_QUEUE_DEPTH },
    { "llamacpp:n_decode_total", TO_PROGRESS },
    { "llamacpp:predicted_tokens_seconds", TO_METRIC, "tokens_per_second" },
    { "llamacpp:prompt_tokens_seconds", TO_METRIC, "prompt_tokens_per_second" },
};
static const struct rule llama_props[] = {
    { "/model_alias", TO_MODEL },           { "/model_path", TO_MODEL },
    { "/build_info", TO_VERSION },          { "/is_sleeping", TO_ASLEEP },
    { "/total_slots", TO_METRIC, "slots" },
};

/* A step that only goes on with a long prompt has no output, and is not counted; but it fills the cache. */
static const struct rule vllm_metrics[] = {
    { "vllm:num_requests_running", TO_INFLIGHT },
    { "vllm:num_requests_waiting", TO_QUEUE_DEPTH },
    { "vllm:iteration_tokens_total_count", TO_PROGRESS },
    { "vllm:kv_cache_usage_perc", TO_PROGRESS, .factor = 1e6, .is_extra = true },
    { "vllm:engine_sleep_state{sleep_state=\"awake\"}", TO_AWAKE, .takes_greatest = true },
    { "vllm:kv_cache_usage_perc", TO_METRIC, "cache_usage", .takes_greatest = true },
    { "vllm:generation_tokens_total", TO_METRIC, "tokens_per_second", .is_rate = true },
    { "vllm:prompt_tokens_total", TO_METRIC, "prompt_tokens_per_second", .is_rate = true },
    { "vllm:e2e_request_latency_seconds_sum", TO_SECONDS },
    { "vllm:e2e_request_latency_seconds_count", TO_COUNT },
};

/* generation_tokens_total and prompt_tokens_total move when a request ends. */
static const struct rule sglang_metrics[] = {
    { "sglang:num_running_reqs", TO_INFLIGHT },
    { "sglang:num_queue_reqs", TO_QUEUE_DEPTH },
    { "sglang:realtime_tokens_total", TO_PROGRESS },
    { "sglang:num_used_tokens", TO_PROGRESS },
    { "sglang:token_usage", TO_METRIC, "cache_usage", .takes_greatest = true },
    { "sglang:gen_throughput", TO_METRIC, "tokens_per_second" },
    { "sglang:e2e_request_latency_seconds_sum", TO_SECONDS },
    { "sglang:e2e_request_latency_seconds_count", TO_COUNT },
};
static const struct rule sglang_model[] = { { "/model_path", TO_MODEL } };

static const struct rule ollama_version[] = { { "/version", TO_VERSION } };
static const struct rule ollama_loaded[] = {
    { "/models/0/name", TO_MODEL },
    { "/models", TO_METRIC, "models_loaded" },
};

/* Those in execution are not counted anywhere: what waits is the least that it works on. */
static const struct rule triton_metrics[] = {
    { "nv_inference_pending_request_count", TO_QUEUE_DEPTH },
    { "nv_inference_pending_request_count", TO_INFLIGHT },
    { "nv_inference_exec_count", TO_PROGRESS },
    { "nv_gpu_utilization", TO_GPU_UTILIZATION, .takes_greatest = true },
    { "nv_inference_count", TO_METRIC, "inferences_per_second", .is_rate = true },
    { "nv_inference_request_duration_us", TO_SECONDS, .factor = 1e-6 },
    { "nv_inference_request_success", TO_COUNT },
};
static const struct rule triton_models[] = { { "/0/name", TO_MODEL } };
static const struct rule triton_server[] = { { "/version", TO_VERSION } };

/* Its counters move when a request ends, and its gauges of an iteration are taken over at times: no progress. */
static const struct rule trtllm_metrics[] = {
    { "trtllm_num_requests_running", TO_INFLIGHT },
    { "trtllm_num_requests_waiting", TO_QUEUE_DEPTH },
    { "trtllm_kv_cache_utilization", TO_METRIC, "cache_usage", .takes_greatest = true },
    { "trtllm_generation_tokens_total", TO_METRIC, "tokens_per_second", .is_rate = true },
    { "trtllm_e2e_request_latency_seconds_sum", TO_SECONDS },
    { "trtllm_e2e_request_latency_seconds_count", TO_COUNT },
};

static const struct rule openai_models[] = { { "/data/0/id", TO_MODEL } };
static const struct rule plain_version[] = { { "/version", TO_VERSION } };

static const struct engine engines[] = {
    { "llama.cpp", .refused = "starting", .unavailable = "loading",
      .steps = { { "/health", .is_ready_check = true },
                 { "/props", .format = FORMAT_JSON, .takes_model = true, RULES(llama_props) },
                 { "/metrics", .format = FORMAT_PROMETHEUS, .takes_model = true,
                   .missing = "start llama-server with --metrics", RULES(llama_metrics) } } },
    { "vllm", .refused = "loading", .unavailable = "error",
      .steps = { { "/health", .is_ready_check = true },
                 { "/metrics", .format = FORMAT_PROMETHEUS, RULES(vllm_metrics) },
                 { "/v1/models", .format = FORMAT_JSON, .is_seldom = true, RULES(openai_models) },
                 { "/version", .format = FORMAT_JSON, .is_seldom = true, RULES(plain_version) } } },
    { "sglang", .refused = "loading", .unavailable = "loading", /* its /health makes a token when it is idle */
      .steps = { { "/metrics", .format = FORMAT_PROMETHEUS, .is_ready_check = true,
                   .missing = "start the server with --enable-metrics", RULES(sglang_metrics) },
                 { "/get_model_info", .format = FORMAT_JSON, .is_seldom = true, RULES(sglang_model) } } },
    { "ollama", .refused = "starting", .unavailable = "error",
      .steps = { { "/api/version", .format = FORMAT_JSON, .is_ready_check = true, RULES(ollama_version) },
                 { "/api/ps", .format = FORMAT_JSON, RULES(ollama_loaded) } } },
    { "triton", .refused = "starting", .unavailable = "loading", .metrics_port = 8002,
      .steps = { { "/v2/health/ready", .is_ready_check = true },
                 { "/metrics", .format = FORMAT_PROMETHEUS, .is_at_metrics = true, RULES(triton_metrics) },
                 { "/v2/repository/index", .body = "{\"ready\":true}", .format = FORMAT_JSON, .is_seldom = true,
                   RULES(triton_models) },
                 { "/v2", .format = FORMAT_JSON, .is_seldom = true, RULES(triton_server) } } },
    { "tensorrt-llm", .refused = "loading", .unavailable = "error",
      .steps = { { "/health", .is_ready_check = true },
                 { "/prometheus/metrics", .format = FORMAT_PROMETHEUS,
                   .missing = "metrics need trtllm-serve 1.3 and return_perf_metrics", RULES(trtllm_metrics) },
                 { "/v1/models", .format = FORMAT_JSON, .is_seldom = true, RULES(openai_models) },
                 { "/version", .format = FORMAT_JSON, .is_seldom = true, RULES(plain_version) } } },
};

const struct engine *engine_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(engines); i++)
        if (strcmp(engines[i].name, name) == 0)
            return &engines[i];
    return NULL;
}

void engine_names(struct buf *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(engines); i++)
        buf_printf(ret, "%s%s", i > 0 ? ", " : "", engines[i].name);
}
