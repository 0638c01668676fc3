#include "api_problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_status_has_its_error_and_sentence(void **state)
{
    static const struct {
        const char *why;
        long status;
        bool has_token;
        const char *body;
        enum err err;
        const char *says;
    } rows[] = {
        { "no token", 401, false, "{\"title\":\"Unauthorized\",\"detail\":\"a token is needed\"}", ERR_REFUSED,
          "refused: it requires a token: --token-file FILE" },
        { "what to do about it", 401, true, "{}", ERR_REFUSED, "refused: the token in --token-file is not its own" },
        { "the wrong token", 403, true, "", ERR_REFUSED,
          "HTTP status 403): the token in --token-file is not the queen's" },
        { "no right, without a token", 403, false, "", ERR_REFUSED, "is required: --token-file FILE" },
        { "nobody of that name", 404, false, "{\"title\":\"Not Found\"}", ERR_NOT_FOUND, "Not Found" },
        { "several of that name: they are listed", 409, false, "{\"candidates\":[\"h1/w\",\"h2/w\"]}", ERR_AMBIGUOUS,
          "h1/w, h2/w" },
        { "online and not forced", 409, false, "{\"detail\":\"online\"}", ERR_CONFLICT, "online" },
        { "candidates of another status are nothing", 400, false, "{\"candidates\":[]}", ERR_IO, "HTTP status 400" },
        { "a proxy that speaks HTML", 502, false, "<html>", ERR_IO, "HTTP status 502" },
        { "a redirect is no answer", 302, false, "", ERR_IO, "HTTP status 302" },
        { "hostile text", 500, false, "{\"title\":\"a\\u001b[2J\"}", ERR_IO, "a?[2J" },
        { "members of the wrong type", 500, false, "{\"title\":1,\"detail\":[]}", ERR_IO, "HTTP status 500" },
    };
    struct problem_source source = { "the queen", "http://127.0.0.1:7833", false };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        print_message("  %s\n", rows[i].why);
        source.has_token = rows[i].has_token;
        assert_int_equal(api_problem_read(&source, rows[i].status, text_of(rows[i].body), &e), rows[i].err);
        assert_non_null(strstr(e.text, rows[i].says));
    }
}

static void a_name_that_is_refused_is_to_be_listed(void **state)
{
    static const struct {
        const char *url, *says;
    } rows[] = {
        { "http://queen.lan:7833",
          "the hive refused (Misdirected: no name.): start it with --http-host queen.lan, or" },
        { "https://queen.lan/health?x", "start it with --http-host queen.lan, or" },
        { "http://[2001:db8::7]:80/health", "start it with --http-host 2001:db8::7, or" },
        { "http://\xc3\xb6/", "start it with --http-host NAME, or" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct problem_source source = { "the hive", rows[i].url, false };
        struct errbuf e = { 0 };
        assert_int_equal(
            api_problem_read(&source, 421, TEXT("{\"title\":\"Misdirected\",\"detail\":\"no name.\"}"), &e),
            ERR_REFUSED);
        if (!strstr(e.text, rows[i].says))
            fail_msg("%s", e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_error_and_sentence),
        cmocka_unit_test(a_name_that_is_refused_is_to_be_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
