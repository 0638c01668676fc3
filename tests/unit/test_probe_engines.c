/* What is made of the answers in engines/: each file has looks at one engine, and the line that comes of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "facts.h"
#include "probe.h"

#define ANSWERS_MAX 8

struct answer {
    struct text request, outcome, body;
};

/* A file that is being read; `rest` begins with a line that begins with an @. */
struct script {
    const char *name;
    struct text rest;
    struct probe probe;
    ms_t now;
    struct answer answers[ANSWERS_MAX];
    size_t count;
    bool is_begun; /* the look has been made */
};

static char *read_whole(const char *name)
{
    char path[512];
    FILE *file;
    char *text = calloc(1, 65536);
    snprintf(path, sizeof path, ENGINES_FOLDER "/%s", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(text);
    assert_in_range(fread(text, 1, 65535, file), 1, 65534);
    fclose(file);
    return text;
}

/* "@ WORD rest"; what follows until the next one is its body. */
static bool next_directive(struct script *s, struct text *ret_word, struct text *ret_rest, struct text *ret_body)
{
    struct text line = text_split(&s->rest, '\n');
    const char *end;
    if (!text_skip(&line, TEXT("@ ")))
        return false;
    *ret_rest = line;
    *ret_word = text_split(ret_rest, ' ');
    *ret_body = s->rest;
    end = s->rest.at ? strstr(s->rest.at, "@ ") : NULL;
    while (end && end != s->rest.at && end[-1] != '\n')
        end = strstr(end + 1, "@ ");
    if (end)
        s->rest = text_of(end);
    else
        s->rest = (struct text){ NULL, 0 };
    if (end)
        ret_body->len = (size_t)(end - ret_body->at);
    return true;
}

static struct probe_answer answer_to(const struct script *s, const struct engine_step *step)
{
    char request[128];
    snprintf(request, sizeof request, "%s %s", step->body ? "POST" : "GET", step->path);
    for (size_t i = 0; i < s->count; i++) {
        int64_t status = 0;
        if (!text_is(s->answers[i].request, request))
            continue;
        if (text_is(s->answers[i].outcome, "timeout"))
            return (struct probe_answer){ .outcome = OUTCOME_TIMEOUT };
        if (text_is(s->answers[i].outcome, "refused"))
            return (struct probe_answer){ .outcome = OUTCOME_UNREACHABLE };
        if (text_is(s->answers[i].outcome, "unusable"))
            return (struct probe_answer){ .outcome = OUTCOME_UNUSABLE, .fault = "it is too large" };
        assert_int_equal(text_to_int(s->answers[i].outcome, &status), OK);
        return (struct probe_answer){ .status = (int)status, .body = s->answers[i].body };
    }
    fail_msg("%s: nobody should have asked for %s", s->name, request);
    return (struct probe_answer){ 0 };
}

static void look(struct script *s)
{
    const struct engine_step *step;
    if (s->is_begun)
        return;
    s->is_begun = true;
    probe_begin(&s->probe);
    while ((step = probe_next(&s->probe))) {
        struct probe_answer answer = answer_to(s, step);
        probe_take(&s->probe, &answer, s->now);
    }
}

/* What comes of the look is what the file says, and a worker takes it as it is. */
static void compare_line(struct script *s, struct text wanted)
{
    struct buf line = BUF_INIT;
    struct facts facts;
    struct errbuf e = { 0 };
    look(s);
    probe_write(&s->probe, &line);
    if (!text_equal(buf_text(&line), wanted))
        fail_msg("%s at %d:\n%s\nin place of\n%.*s", s->name, (int)s->now, buf_str(&line), (int)wanted.len, wanted.at);
    facts_init(&facts);
    if (facts_merge(&facts, buf_text(&line), 0, &e) != OK)
        fail_msg("%s: %s: %s", s->name, buf_str(&line), e.text);
    buf_clear(&line);
}

static void take_directive(struct script *s, struct text word, struct text rest, struct text body)
{
    char name[64];
    if (text_is(word, "engine")) {
        snprintf(name, sizeof name, "%.*s", (int)rest.len, rest.at);
        assert_non_null(engine_find(name));
        probe_init(&s->probe, engine_find(name), 0, 0);
    } else if (text_is(word, "look")) {
        int64_t now;
        assert_int_equal(text_to_int(rest, &now), OK);
        s->now = now;
        s->count = 0;
        s->is_begun = false;
    } else if (text_is(word, "line")) {
        compare_line(s, rest);
    } else if (text_is(word, "note")) {
        look(s);
        assert_true(text_is(rest, s->probe.note.text));
    } else if (text_is(word, "GET") || text_is(word, "POST")) {
        struct answer *answer = &s->answers[s->count++];
        struct text outcome = rest, path = text_split(&outcome, ' ');
        assert_in_range(s->count, 1, ANSWERS_MAX);
        *answer = (struct answer){ { word.at, (size_t)(path.at + path.len - word.at) }, outcome, body };
    } else {
        assert_true(text_is(word, "source"));
    }
}

static void test_each_answer(void **state)
{
    DIR *folder = opendir(ENGINES_FOLDER);
    const struct dirent *entry;
    unsigned files = 0;
    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        struct script s = { .name = entry->d_name };
        struct text word, rest, body;
        char *text;
        if (entry->d_name[0] == '.')
            continue;
        text = read_whole(entry->d_name);
        s.rest = text_of(text);
        assert_true(text_skip(&(struct text){ text, strlen(text) }, TEXT("@ source ")));
        while (s.rest.at && s.rest.len > 0 && next_directive(&s, &word, &rest, &body))
            take_directive(&s, word, rest, body);
        probe_clear(&s.probe);
        free(text);
        files++;
    }
    closedir(folder);
    print_message("%u files\n", files);
    assert_in_range(files, 7, 1000);
}

static void test_names(void **state)
{
    struct buf names = BUF_INIT;
    (void)state;
    engine_names(&names);
    assert_string_equal(buf_str(&names), "llama.cpp, vllm, sglang, ollama, triton, tensorrt-llm");
    assert_null(engine_find("vllm2"));
    buf_clear(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_answer), cmocka_unit_test(test_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
