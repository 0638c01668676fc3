/* Answers of any kind to a probe of each engine: nothing crashes, a look ends, and its line is one that a worker takes.
 * A byte chooses the engine; each answer begins with a byte for its outcome and ends with a zero byte. */
#include "facts.h"
#include "fuzz.h"
#include "probe.h"

static const char *const names[] = { "llama.cpp", "vllm", "sglang", "ollama", "triton", "tensorrt-llm" };

static uint8_t take_byte(struct text *rest)
{
    uint8_t byte = rest->len > 0 ? (uint8_t)rest->at[0] : 0;
    if (rest->len > 0)
        *rest = (struct text){ rest->at + 1, rest->len - 1 };
    return byte;
}

static struct probe_answer take_answer(struct text *rest)
{
    static const int statuses[] = { 200, 200, 200, 200, 404, 501, 503, 401 };
    uint8_t byte = take_byte(rest);
    struct probe_answer answer = { .status = statuses[byte % ARRAY_LEN(statuses)] };
    if (byte >= 0xF8)
        answer = (struct probe_answer){ .outcome = (enum probe_outcome)(OUTCOME_TIMEOUT + byte % 3) };
    else
        answer.body = text_split(rest, '\0');
    return answer;
}

static void look(struct probe *probe, struct text *rest, ms_t now)
{
    unsigned steps = 0;
    probe_begin(probe);
    while (probe_next(probe)) {
        struct probe_answer answer = take_answer(rest);
        require(++steps <= ENGINE_STEPS_MAX);
        probe_take(probe, &answer, now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text rest = { (const char *)bytes, len };
    const struct engine *engine = engine_find(names[take_byte(&rest) % ARRAY_LEN(names)]);
    struct probe probe;
    struct facts facts;
    facts_init(&facts);
    require(engine);
    probe_init(&probe, engine, 0, 5000);
    for (ms_t now = 0; now == 0 || rest.len > 0; now += 1000) {
        struct buf line = BUF_INIT;
        look(&probe, &rest, now);
        probe_write(&probe, &line);
        require(!memchr(buf_str(&line), '\n', line.len));
        require(facts_merge(&facts, buf_text(&line), now, NULL) == OK);
        buf_clear(&line);
    }
    probe_clear(&probe);
    return 0;
}
