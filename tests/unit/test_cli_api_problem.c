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
        const char *body;
        enum err err;
        const char *says;
    } rows[] = {
        { "no token", 401, "{\"title\":\"Unauthorized\",\"detail\":\"a token is needed\"}", ERR_REFUSED,
          "Unauthorized: a token is needed" },
        { "what to do about it", 401, "{}", ERR_REFUSED, "--token-file" },
        { "the wrong token", 403, "", ERR_REFUSED, "HTTP status 403" },
        { "nobody of that name", 404, "{\"title\":\"Not Found\"}", ERR_NOT_FOUND, "Not Found" },
        { "several of that name: they are listed", 409, "{\"candidates\":[\"h1/w\",\"h2/w\"]}", ERR_AMBIGUOUS,
          "h1/w, h2/w" },
        { "online and not forced", 409, "{\"detail\":\"online\"}", ERR_CONFLICT, "online" },
        { "candidates of another status are nothing", 400, "{\"candidates\":[]}", ERR_IO, "HTTP status 400" },
        { "a proxy that speaks HTML", 502, "<html>", ERR_IO, "HTTP status 502" },
        { "a redirect is no answer", 302, "", ERR_IO, "HTTP status 302" },
        { "hostile text", 500, "{\"title\":\"a\\u001b[2J\"}", ERR_IO, "a?[2J" },
        { "members of the wrong type", 500, "{\"title\":1,\"detail\":[]}", ERR_IO, "HTTP status 500" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        print_message("  %s\n", rows[i].why);
        assert_int_equal(api_problem_read(rows[i].status, text_of(rows[i].body), &e), rows[i].err);
        assert_non_null(strstr(e.text, rows[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_error_and_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
