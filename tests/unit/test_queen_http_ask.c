#include "queen_script.h"

#define W1 "unknown -> online (birth)"
#define GET "get http://10.0.0.1:80"
#define SAY "say \"endpoint\":\"http://10.0.0.1:80\"; "
#define ASKED "up; " SAY "birth 1.1; beat 1.1.0; demand; wait 0"

static void rows_check_http(const struct row *rows, size_t len)
{
    struct queen_options options = scene_options;
    options.verify_http = true;
    for (size_t i = 0; i < len; i++)
        row_check_with(&rows[i], &options);
}

static void r6_http_is_one_more_path(void **state)
{
    static const struct row rows[] = {
        { "both at once", ASKED, W1 ", " GET ", verify | online" },
        { "the work loop's own answer ends it", ASKED "; answer stalled; http 200 pass",
          W1 ", " GET ", verify, online -> zombie (stalled) | zombie" },
        { "... also behind that over HTTP", ASKED "; http 200 pass; answer stalled",
          W1 ", " GET ", verify, online -> zombie (stalled) | zombie" },
        { "nobody subscribed, but it answers over HTTP", ASKED "; vack 10; wait 250; vack 10; http 200 pass",
          W1 ", " GET ", verify, verify | online" },
        { "... or did before", ASKED "; http 200 pass; vack 10; wait 250; vack 10",
          W1 ", " GET ", verify, verify | online" },
        { "... and not over HTTP either", ASKED "; vack 10; wait 250; vack 10; http 0",
          W1 ", " GET ", verify, verify | online" },
        { "... that was known before", ASKED "; http 0; vack 10; wait 250; vack 10",
          W1 ", " GET ", verify, verify | online" },
        { "somebody else answers at its address", ASKED "; http 200 pass worker/default/w2; vack 10; wait 250; vack 10",
          W1 ", " GET ", verify, verify | online" },
        { "a hive answers at its address", ASKED "; http 200 pass hive/default; vack 10; wait 250; vack 10",
          W1 ", " GET ", verify, verify | online" },
        { "a page that is no health document", ASKED "; http 404 pass; vack 10; wait 250; vack 10",
          W1 ", " GET ", verify, verify | online" },
        { "its document says that work stands still", ASKED "; http 503 fail; wait 5000",
          W1 ", " GET ", verify, online -> zombie (stalled) | zombie" },
        { "a warning is an answer", ASKED "; http 200 warn; wait 5000", W1 ", " GET ", verify | online" },
        { "an answer that comes twice", ASKED "; http 200 pass; http 503 fail; wait 5000",
          W1 ", " GET ", verify | online" },
        { "an answer behind the deadline", ASKED "; wait 5000; http 503 fail", W1 ", " GET ", verify | online" },
        { "it answers no requests: over HTTP alone",
          "up; " SAY "mute_birth 1.1; beat 1.1.0; demand; wait 0; http 503 fail",
          W1 ", " GET ", online -> zombie (stalled) | zombie" },
        { "it named no endpoint", "up; birth 1.1; beat 1.1.0; demand; wait 0", W1 ", verify | online" },
        { "it names none any more", "up; " SAY "birth 1.1; beat 1.1.0; say; beat 1.1.1; demand; wait 0",
          W1 ", verify | online" },
        { "another process, which has not said where", "up; " SAY "birth 1.1; beat 1.1.0; birth 2.1; demand; wait 0",
          W1 ", verify | online" },
        { "silent, and asked", "up; " SAY "mute_birth 1.1; beat 1.1.0; wait 66000; http 200 pass",
          W1 ", online -> suspect (missed_heartbeats), " GET ", suspect -> online (verified) | online" },
        { "heard by POST, and silent", "up; " SAY "post 1.1.0; wait 66000; http 200 pass",
          "unknown -> online (heartbeat), 202, online -> suspect (missed_heartbeats), " GET
          ", suspect -> online (verified) | online" },
        { "the link is lost meanwhile", ASKED "; down; http 503 fail; up; wait 0",
          W1 ", " GET ", verify, " GET ", verify | online" },
        { "forgotten meanwhile", ASKED "; delete force; http 503 fail",
          W1 ", " GET
             ", verify, clear heartbeat, clear presence, clear witness, online -> forgotten (forgotten), 204 | "
             "gone" },
    };
    (void)state;
    rows_check_http(rows, ARRAY_LEN(rows));
}

#define H1 "hive/h1 unknown -> starting (birth), poll"
#define HIVE "up; " SAY "birth 1.1 @h1/; beat 1.1.0 @h1/; wait 0"

static void a_hive_is_polled_over_http(void **state)
{
    static const struct row rows[] = {
        { "when nobody subscribes", HIVE "; pack 10; http 200 pass @h1/",
          H1 ", " GET ", hive/h1 starting -> ready (verified) | gone" },
        { "when there is no reply in time", HIVE "; pack 0; wait 500; http 200 warn @h1/",
          H1 ", " GET ", hive/h1 starting -> ready (verified) | gone" },
        { "not when it said that it is not ready", HIVE "; health fail @h1/", H1 " | gone" },
        { "another one answers there", HIVE "; pack 10; http 200 pass hive/h2 @h1/; wait 220",
          H1 ", " GET ", poll | gone" },
        { "it is not ready there", HIVE "; pack 10; http 503 fail @h1/; wait 220", H1 ", " GET ", poll | gone" },
        { "nobody is there", HIVE "; pack 10; http 0 @h1/; wait 220", H1 ", " GET ", poll | gone" },
        { "it says goodbye meanwhile", HIVE "; pack 10; bye 1.1 @h1/; http 200 pass @h1/",
          H1 ", " GET ", hive/h1 starting -> offline (goodbye) | gone" },
        { "it is forgotten meanwhile", HIVE "; pack 10; delete force @h1/; http 200 pass @h1/; wait 9000",
          H1 ", " GET ", clear heartbeat, clear presence, hive/h1 starting -> forgotten (forgotten), 204 | gone" },
    };
    (void)state;
    rows_check_http(rows, ARRAY_LEN(rows));
}

static void nobody_is_asked_unless_told_so(void **state)
{
    static const struct row rows[] = {
        { "a worker", ASKED, W1 ", verify | online" },
        { "a hive", HIVE "; pack 10; wait 220", H1 ", poll | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r6_http_is_one_more_path),
        cmocka_unit_test(a_hive_is_polled_over_http),
        cmocka_unit_test(nobody_is_asked_unless_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
