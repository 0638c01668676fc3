#include "inquiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A digit adds that one (of three), `-` and a digit removes it; `q` sends a question if somebody wants one, `a` answers
 * it, `e` ends all waits. Who was released, in order. */
static const struct {
    const char *why, *script, *want;
} rows[] = {
    { "nobody waits", "qa", "" },
    { "who comes before the question is released by its answer", "12qa", "12" },
    { "... not before", "12q", "" },
    { "... nor is who comes behind it", "1q2a", "1" },
    { "... before the next one's answer", "1q2aqa", "12" },
    { "one answer, and nobody new: no second question", "1qaqa2", "1" },
    { "who has left is not released", "12-1qa", "2" },
    { "... nor makes a question necessary", "1-1q2a", "" },
    { "who comes again waits for the next one", "1q1a", "" },
    { "an end releases all, whatever they wait for", "1q2e3", "12" },
    { "... and who comes behind it needs a question of its own", "1e2a", "1" },
};

static void waits_end_by_the_answer_to_a_later_question(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct inquiry inquiry = { 0 };
        struct inquiry_wait waits[3] = { 0 };
        char got[16] = "", *end = got;
        for (const char *at = rows[i].script; *at; at++) {
            struct record *record;
            if (*at == '-')
                inquiry_remove(&waits[*++at - '1']);
            else if (*at == 'q')
                inquiry.sent += inquiry_wants_question(&inquiry);
            else if (*at == 'a')
                inquiry_answer(&inquiry);
            else if (*at == 'e')
                inquiry_end(&inquiry);
            else
                inquiry_add(&inquiry, &waits[*at - '1'], (struct record *)at);
            while ((record = inquiry_take(&inquiry)))
                *end++ = *(const char *)record;
        }
        if (strcmp(got, rows[i].want) != 0)
            print_error("%s: %s\n", rows[i].why, rows[i].script);
        assert_string_equal(got, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_end_by_the_answer_to_a_later_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
