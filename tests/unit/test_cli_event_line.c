#include "event_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define CHANGE(more) "{\"hive_id\":\"h\",\"worker_id\":\"w\"," more "}"

static void an_event_is_one_line(void **state)
{
    static const struct {
        const char *why, *json;
        bool colour;
        const char *line;
    } rows[] = {
        { "a change with the evidence in words",
          CHANGE("\"previous\":\"online\",\"state\":\"stale\",\"cause\":\"last_will\",\"since\":\"T1\","
                 "\"evidence\":{\"path\":\"will\",\"result\":\"no_subscriber\",\"seen_at\":\"T2\",\"text\":\"gone\"}"),
          false, "T2 h/w online -> stale (last_will) gone\n" },
        { "evidence without words",
          CHANGE("\"previous\":\"online\",\"state\":\"stale\",\"cause\":\"last_will\",\"since\":\"T1\","
                 "\"evidence\":{\"path\":\"will\",\"result\":\"no_reply\"}"),
          false, "T1 h/w online -> stale (last_will) will: no_reply\n" },
        { "how a process ended",
          CHANGE("\"previous\":\"online\",\"state\":\"stale\",\"cause\":\"process_exited\",\"since\":\"T1\","
                 "\"evidence\":{\"exit\":{\"code\":137,\"signal\":\"SIGKILL\",\"oom\":true}}"),
          false, "T1 h/w online -> stale (process_exited) exit code 137, signal SIGKILL, out of memory\n" },
        { "an end that nobody saw",
          CHANGE("\"previous\":\"online\",\"state\":\"stale\",\"cause\":\"process_exited\",\"since\":\"T1\","
                 "\"evidence\":{\"text\":\"gone\",\"exit\":{\"code\":null,\"signal\":null,\"oom\":null}}"),
          false, "T1 h/w online -> stale (process_exited) gone, exit code unknown\n" },
        { "the first state of all",
          CHANGE("\"previous\":null,\"state\":\"online\",\"cause\":\"birth\",\"since\":\"T1\""), false,
          "T1 h/w unknown -> online (birth)\n" },
        { "colours", CHANGE("\"previous\":\"odd\",\"state\":\"online\",\"cause\":\"birth\",\"since\":\"T1\""), true,
          "T1 h/w odd -> \033[32monline\033[0m (birth)\n" },
        { "a hive's",
          "{\"hive_id\":\"h\",\"previous\":\"ready\",\"state\":\"down\",\"cause\":\"last_will\",\"since\":\"T1\"}",
          true, "T1 hive/h \033[32mready\033[0m -> \033[31mdown\033[0m (last_will)\n" },
        { "a fleet event shows what it carries",
          "{\"fleet\":\"storm_begins\",\"at\":\"T1\",\"event_id\":5,\"lost\":12,\"note\":\"a b\",\"none\":null}", false,
          "T1 fleet storm_begins lost=12 note=a b\n" },
        { "hostile text stays in its line",
          CHANGE("\"previous\":\"a\\n\",\"state\":\"b\\u001b[2J\",\"cause\":\"c\\r\",\"since\":\"T\\n\","
                 "\"evidence\":{\"text\":\"x\\ny\"}"),
          false, "T? h/w a? -> b?[2J (c?) x?y\n" },
        { "nothing in it at all", "{}", true, "- ?/? unknown -> unknown (-)\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT;
        cJSON *event = cJSON_Parse(rows[i].json);
        print_message("  %s\n", rows[i].why);
        assert_non_null(event);
        event_line_add(&out, event, rows[i].colour);
        assert_string_equal(buf_str(&out), rows[i].line);
        cJSON_Delete(event);
        buf_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
