/* queen_script.h - the verbs of the scripts that queen_fixture.h describes, and tables of them. */
#ifndef TEST_QUEEN_SCRIPT_H
#define TEST_QUEEN_SCRIPT_H

#include "queen_asked.h"

void pass(struct scene *scene, ms_t time);

/* The loop stands still: stopped, suspended or overloaded. */
void do_stand(struct scene *scene, const char *args);

void hear_reply(struct scene *scene, const char *correlation);
void scene_run(struct scene *scene, const char *script);

/* One script, and what becomes of it. */
struct row {
    const char *why, *script, *want;
};

void row_check_in(struct scene *scene, const struct row *row);
void row_check_with(const struct row *row, const struct queen_options *options);
void rows_check(const struct row *rows, size_t len);

#define ROWS_CHECK(rows) rows_check((rows), ARRAY_LEN(rows))

#endif
