#include "describe_text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

static const char full[] =
    "{\"worker_id\":\"w\",\"hive_id\":\"h\",\"state\":\"stale\",\"cause\":\"process_exited\",\"since\":\"T0\","
    "\"since_ms_ago\":192000,\"last_seen_ms_ago\":200000,\"clock_skew_ms\":-182000,\"flags\":[\"conflict\","
    "\"flapping\"],"
    "\"session\":\"0123456789abcdef\",\"connection\":2,\"incident\":\"hive:h:17\","
    "\"open_incident\":{\"class\":\"lost\",\"opened_at\":\"T4\"},"
    "\"heartbeat\":{\"status\":\"busy\",\"interval_ms\":30000,\"odd\":{\"x\":[1]},\"evil\":\"\\u001b[2J\"},"
    "\"witness\":{\"state\":\"exited\",\"restarts\":1},"
    "\"verification\":{\"at\":\"T3\",\"result\":\"no_reply\",\"path\":\"mqtt\",\"took_ms\":5000},"
    "\"evidence\":{\"path\":\"witness\",\"result\":\"exited\",\"due_at\":\"T1\",\"seen_at\":\"T2\","
    "\"last_seen_ms_ago\":8000,\"took_ms\":12,\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"oom\":false},"
    "\"text\":\"it exited\"}}";

static const char full_text[] = "● h/w\n"
                                "       State: stale (process_exited) since T0; 3m 12s ago\n"
                                "         Why: its process exited without a stop request; judged lost\n"
                                "    Evidence: it exited, exit code 139, signal SIGSEGV [witness: exited]\n"
                                "      Timing: seen T2, due T1, took 12ms, last seen 8s before\n"
                                "   Last seen: 3m 20s ago, one is due every 30s\n"
                                "       Flags: conflict, flapping\n"
                                "    Incident: lost since T4\n"
                                "     Part of: hive:h:17\n"
                                "     Session: 0123456789abcdef, connection 2\n"
                                "  Clock skew: -3m 2s (shown only, never judged by)\n"
                                "    Verified: no_reply by mqtt in 5s, T3\n"
                                "\n"
                                "Heartbeat, as received\n"
                                "  status       busy\n"
                                "  interval_ms  30000\n"
                                "  odd          {\"x\":[1]}\n"
                                "  evil         ?[2J\n"
                                "\n"
                                "Witness of its hive\n"
                                "  state     exited\n"
                                "  restarts  1\n";

/* A bare device: no session, no evidence, stored copies only. */
static const char bare[] =
    "{\"worker_id\":\"w\",\"hive_id\":\"default\",\"state\":\"unverified\",\"cause\":\"restored\",\"since\":\"T0\","
    "\"since_ms_ago\":0,\"last_seen_ms_ago\":null,\"clock_skew_ms\":null,\"flags\":[],\"session\":null,"
    "\"connection\":null,\"heartbeat\":null,\"witness\":null,\"verification\":null,\"evidence\":null,"
    "\"incident\":null}";

static const char bare_text[] = "● default/w\n"
                                "       State: unverified (restored) since T0; 0ms ago\n"
                                "         Why: known from stored copies, not seen live since; known from stored "
                                "copies only, never counted as alive\n"
                                "   Last seen: never seen live\n"
                                "     Session: none: its messages are not fenced\n";

static void a_worker_is_described_as_far_as_it_is_known(void **state)
{
    static const struct {
        const char *why, *json, *text;
        bool colour;
    } rows[] = {
        { "everything", full, full_text, false },
        { "next to nothing", bare, bare_text, false },
        { "a state and a cause that mean the same",
          "{\"worker_id\":\"w\",\"hive_id\":\"h\",\"state\":\"offline\",\"cause\":\"goodbye\"}",
          "● h/w\n"
          "       State: offline (goodbye) since -\n"
          "         Why: it published its goodbye\n"
          "   Last seen: never seen live\n"
          "     Session: none: its messages are not fenced\n",
          false },
        { "colours", "{\"state\":\"online\"}",
          "\033[32m●\033[0m ?/?\n"
          "       State: \033[32monline\033[0m (-) since -\n"
          "         Why: seen or verified, and its lease is not over\n"
          "   Last seen: never seen live\n"
          "     Session: none: its messages are not fenced\n",
          true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT;
        cJSON *worker = cJSON_Parse(rows[i].json);
        print_message("  %s\n", rows[i].why);
        assert_non_null(worker);
        describe_text_add(&out, worker, rows[i].colour);
        assert_string_equal(buf_str(&out), rows[i].text);
        cJSON_Delete(worker);
        buf_clear(&out);
    }
}

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_is_described_as_far_as_it_is_known),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
