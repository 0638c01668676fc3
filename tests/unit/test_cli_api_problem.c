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
          "Unauthorized: a token is needed" },
        { "what to do about it", 401, false, "{}", ERR_REFUSED, "--token-file" },
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

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        print_message("  %s\n", rows[i].why);
        assert_int_equal(api_problem_read(rows[i].status, text_of(rows[i].body), rows[i].has_token, &e), rows[i].err);
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
