#include "verify_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define VERIFIED(more) "{\"hive_id\":\"h\",\"worker_id\":\"w\"," more "}"

static void a_verification_is_one_line(void **state)
{
    static const struct {
        const char *why, *json;
        bool colour;
        const char *line;
    } rows[] = {
        { "all there is", VERIFIED("\"result\":\"ok\",\"path\":\"mqtt\",\"took_ms\":12,\"state\":\"online\""), false,
          "h/w: ok via mqtt in 12ms, online\n" },
        { "colours", VERIFIED("\"result\":\"stalled\",\"path\":\"mqtt\",\"took_ms\":4500,\"state\":\"zombie\""), true,
          "h/w: stalled via mqtt in 4500ms, \033[35mzombie\033[0m\n" },
        { "no time", VERIFIED("\"result\":\"process_gone\",\"path\":\"hive\",\"state\":\"stale\""), false,
          "h/w: process_gone via hive, stale\n" },
        { "hostile text stays in its line", VERIFIED("\"result\":\"a\\n\",\"path\":\"\\u001b[2J\",\"state\":\"\\r\""),
          false, "h/w: a? via ?[2J, ?\n" },
        { "nothing in it at all", "{}", false, "?/?: ? via ?, unknown\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cJSON *verified = cJSON_Parse(rows[i].json);
        struct buf line = BUF_INIT;
        print_message("  %s\n", rows[i].why);
        verify_line_add(&line, verified, rows[i].colour);
        assert_string_equal(buf_str(&line), rows[i].line);
        buf_clear(&line);
        cJSON_Delete(verified);
    }
}

static void each_result_has_its_judgement(void **state)
{
    static const struct {
        const char *why, *json;
        enum err err;
        const char *says;
    } rows[] = {
        { "its work goes on", VERIFIED("\"result\":\"ok\""), OK, "" },
        { "it lives", VERIFIED("\"result\":\"unknown\""), OK, "" },
        { "a zombie", VERIFIED("\"result\":\"stalled\""), ERR_STATE, "h/w: its work is stalled" },
        { "gone", VERIFIED("\"result\":\"no_subscriber\""), ERR_STATE, "h/w: no subscriber" },
        { "mute", VERIFIED("\"result\":\"no_reply\""), ERR_STATE, "h/w: it did not answer in time" },
        { "ended", VERIFIED("\"result\":\"process_gone\""), ERR_STATE, "h/w: its hive saw" },
        { "a word that is not known", VERIFIED("\"result\":\"okay\""), ERR_IO, "is it a queen?" },
        { "a result of the wrong type", VERIFIED("\"result\":1"), ERR_IO, "is it a queen?" },
        { "another document", "{\"status\":\"pass\"}", ERR_IO, "is it a queen?" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cJSON *verified = cJSON_Parse(rows[i].json);
        struct errbuf e = { 0 };
        print_message("  %s\n", rows[i].why);
        assert_int_equal(verify_judge(verified, &e), rows[i].err);
        assert_non_null(strstr(e.text, rows[i].says));
        cJSON_Delete(verified);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verification_is_one_line),
        cmocka_unit_test(each_result_has_its_judgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
