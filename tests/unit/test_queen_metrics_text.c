/* What a hostile sender can write into answers for Prometheus, which is nothing; and who gets which format. */
#include "queen_script.h"

#include "json_write.h"
#include "metrics_text.h"

static void a_format_is_chosen_by_what_is_accepted(void **state)
{
    static const struct {
        const char *why, *accept;
        enum metrics_format format;
    } rows[] = {
        { "nothing is said", NULL, METRICS_PROMETHEUS },
        { "nothing is in it", "", METRICS_PROMETHEUS },
        { "a browser", "text/html,application/xhtml+xml,*/*;q=0.8", METRICS_PROMETHEUS },
        { "curl", "*/*", METRICS_PROMETHEUS },
        { "Prometheus 2",
          "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          METRICS_OPENMETRICS },
        { "Prometheus 3",
          "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
          "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
          "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
          METRICS_OPENMETRICS },
        { "any version", "application/openmetrics-text", METRICS_OPENMETRICS },
        { "in any case, with blanks", " Application/OpenMetrics-Text ; Version = 1.0.0 ; Q = 0.5 ",
          METRICS_OPENMETRICS },
        { "another version", "application/openmetrics-text;version=0.0.1", METRICS_PROMETHEUS },
        { "not at all", "application/openmetrics-text;q=0, */*", METRICS_PROMETHEUS },
        { "not at all, in long", "application/openmetrics-text;q=0.000", METRICS_PROMETHEUS },
        { "text is preferred", "application/openmetrics-text;q=0.4, text/plain;q=0.5", METRICS_PROMETHEUS },
        { "... by little", "application/openmetrics-text;q=0.499, text/plain;q=0.5", METRICS_PROMETHEUS },
        { "both alike", "text/plain, application/openmetrics-text", METRICS_OPENMETRICS },
        { "a quality that is none", "application/openmetrics-text;q=high", METRICS_OPENMETRICS },
        { "... less than any", "application/openmetrics-text;q=,text/plain;q=0.002", METRICS_PROMETHEUS },
        { "the end of another word", "xapplication/openmetrics-text", METRICS_PROMETHEUS },
        { "separators only", ",;,=;q", METRICS_PROMETHEUS },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (metrics_format_of(rows[i].accept) != rows[i].format)
            fail_msg("%s: %s", rows[i].why, rows[i].accept);
}

/* What a sender says, what a label of Prometheus has of it, and what a reader of JSON gets. */
static const struct {
    const char *why, *said, *label, *json;
} hostile[] = {
    { "a plain one", "meta-llama/Llama-3-8b:Q4", "meta-llama/Llama-3-8b:Q4", NULL },
    { "markup", "<script>alert('x')</script>&amp;", "<script>alert('x')</script>&amp;", NULL },
    { "quotes", "a\"} 1\nup 0", "a\\\"} 1%0Aup 0", "a\"} 1%0Aup 0" },
    { "backslashes", "C:\\n\\", "C:\\\\n\\\\", "C:\\n\\" },
    { "a line end of Windows", "a\r\nb", "a%0D%0Ab", "a%0D%0Ab" },
    { "a terminal's escape", "\x1b[2J\x1b]0;owned\x07", "%1B[2J%1B]0;owned%07", "%1B[2J%1B]0;owned%07" },
    { "... in one byte of C1",
      "\xC2\x9B"
      "31m",
      "%C2%9B31m", "%C2%9B31m" },
    { "bidi controls", "abc\u202Ecba\u2066x", "abc%E2%80%AEcba%E2%81%A6x", "abc%E2%80%AEcba%E2%81%A6x" },
    { "a line separator", "a\u2028b", "a%E2%80%A8b", "a%E2%80%A8b" },
    { "delete and tabulator", "a\x7F\tb", "a%7F%09b", "a%7F%09b" },
    { "letters of others", "modèle-日本語-🐝", "modèle-日本語-🐝", NULL },
    { "what looks like an escape", "100%0Ax", "100%250Ax", "100%250Ax" },
    { "a percentage", "50%-pruned%", "50%-pruned%", NULL },
    { "nearly one", "%0", "%0", NULL },
    { "one behind a percent sign", "%\n", "%%0A", "%%0A" },
};

/* Back to what was said: that two never become one. */
static void decode(const char *text, char *ret)
{
    for (; *text; text++) {
        if (text[0] == '\\')
            text++;
        else if (text[0] == '%' && text[1] && text_hex_digit(text[1]) >= 0 && text_hex_digit(text[2]) >= 0) {
            *ret++ = (char)(text_hex_digit(text[1]) * 16 + text_hex_digit(text[2]));
            text += 2;
            continue;
        }
        *ret++ = *text;
    }
    *ret = '\0';
}

static void labels_can_be_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        char decoded[256];
        decode(hostile[i].label, decoded);
        assert_string_equal(decoded, hostile[i].said);
    }
}

static void assert_is_harmless(struct text body, const char *lines_end)
{
    for (size_t at = 0; at < body.len;) {
        uint32_t code;
        size_t len = text_character((struct text){ body.at + at, body.len - at }, &code);
        assert_true(len > 0);
        if (text_is_harmful(code) && !(len == 1 && strchr(lines_end, body.at[at])))
            fail_msg("U+%04X behind %.40s", code, body.at + (at > 40 ? at - 40 : 0));
        at += len;
    }
}

/* A comment, or NAME{LABELS} NUMBER: nothing that somebody said begins a line. */
static void assert_lines_are_ours(struct text body)
{
    while (body.len > 0) {
        struct text line = text_split(&body, '\n'), comment = line, ours = line;
        assert_true(text_skip(&comment, TEXT("# ")) || text_skip(&ours, TEXT("skep_")) ||
                    text_skip(&ours, TEXT("process_")));
    }
}

static struct http_response get(struct scene *scene, const char *path, const char *query, const char *accept)
{
    struct http_response response = scene_http(
        scene,
        &(struct http_request){
            .method = "GET", .path = path, .query = text_of(query), .accept = accept, .host = "127.0.0.1:7833" });
    assert_int_equal(response.status, 200);
    return response;
}

static void assert_has(const struct http_response *response, const char *before, const char *value, const char *after)
{
    char wanted[512];
    snprintf(wanted, sizeof wanted, "%s%s%s", before, value, after);
    if (!strstr(buf_str(&response->body), wanted))
        fail_msg("%s is missing in\n%s", wanted, buf_str(&response->body));
}

/* The whole heartbeat is theirs: model, version, a label, its value. */
static void say(struct scene *scene, const char *said)
{
    struct buf doc = BUF_INIT;
    struct json_write w = json_write_to(&doc);
    json_open(&w, '{');
    json_add_str(&w, "status", "idle");
    json_add_str(&w, "model_loaded", said);
    json_add_str(&w, "version", said);
    json_add_str(&w, "endpoint", "http://127.0.0.1:8000/");
    json_open_member(&w, "labels", '{');
    json_add_str(&w, "zone", said);
    json_add_str(&w, "a\nb\u202E\"{}", "x");
    json_close(&w, '}');
    json_close(&w, '}');
    scene_message(scene, "skep/v1/hive/h1/worker/w1/heartbeat", buf_text(&doc));
    assert_int_equal(scene->queen->counters.accepted > 0 && scene->queen->registry.count, 1);
    buf_clear(&doc);
}

static void what_anybody_says_is_harmless_in_every_answer(void **state)
{
    static const char open[] = "application/openmetrics-text";
    struct queen_options options = scene_options;
    struct cidr_list loopback;
    (void)state;
    assert_int_equal(cidr_list_parse(TEXT("127.0.0.1"), &loopback, NULL), OK);
    options.max_series = 1000;
    options.sd_endpoints = &loopback;
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        const char *json = hostile[i].json ? hostile[i].json : hostile[i].said;
        struct buf quoted = BUF_INIT;
        struct json_write w = json_write_to(&quoted);
        struct scene scene;
        scene_init_with(&scene, &options);
        scene_run(&scene, "up");
        say(&scene, hostile[i].said);
        json_put_str(&w, json);
        for (int format = 0; format < 2; format++) {
            struct http_response response = get(&scene, "/metrics", "workers=1", format ? open : NULL);
            assert_has(&response, "\nskep_model_queue_depth{model=\"", hostile[i].label, "\"} 0\n");
            assert_is_harmless(buf_text(&response.body), "\n");
            assert_lines_are_ours(buf_text(&response.body));
            buf_clear(&response.body);
        }
        struct http_response targets = get(&scene, "/v1/sd", NULL, NULL), fleet = get(&scene, "/v1/fleet", NULL, NULL);
        assert_has(&targets, "\"__meta_skep_model\":", buf_str(&quoted), ",");
        assert_has(&targets, "\"__meta_skep_version\":", buf_str(&quoted), ",");
        assert_has(&targets, "\"__meta_skep_label_zone\":", buf_str(&quoted), ",");
        assert_has(&targets, "\"__meta_skep_label_a_b", "______", "\":\"x\"");
        assert_is_harmless(buf_text(&targets.body), "");
        buf_reset(&quoted); /* a document for programs, which filter by it: as it was said */
        w = json_write_to(&quoted);
        json_put_str(&w, hostile[i].said);
        assert_has(&fleet, "{\"model\":", buf_str(&quoted), ",\"total\":1,");
        assert_has(&fleet, "{\"version\":", buf_str(&quoted), ",\"total\":1,");
        buf_clear(&targets.body);
        buf_clear(&fleet.body);
        buf_clear(&quoted);
        scene_clear(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_format_is_chosen_by_what_is_accepted),
        cmocka_unit_test(labels_can_be_read_back),
        cmocka_unit_test(what_anybody_says_is_harmless_in_every_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
