#include "expect.h"

#include "stored.h"

static struct text trim(struct text line)
{
    const char *comment = memchr(line.at, '#', line.len);
    if (comment)
        line.len = (size_t)(comment - line.at);
    while (line.len > 0 && strchr(" \t\r", line.at[line.len - 1]))
        line.len--;
    while (line.len > 0 && strchr(" \t", line.at[0])) {
        line.at++;
        line.len--;
    }
    return line;
}

static enum err expect_one(struct queen *queen, struct text name, int line, struct errbuf *e)
{
    struct text worker = name, hive = text_split(&worker, '/');
    struct record *record;
    enum err err;
    if (!worker.at) {
        worker = hive;
        hive = TEXT("default");
    }
    if (!text_is_id(hive) || !text_is_id(worker))
        return err_set(e, ERR_ID, "line %d: `%.*s` must be NAME or HIVE/NAME, each of letters, digits and . _ -", line,
                       (int)ms_min((ms_t)name.len, 80), name.at);
    if (registry_find(&queen->registry, hive, worker))
        return OK;
    if ((err = registry_add(&queen->registry, hive, worker, &record)) != OK)
        return err_set(e, err, "line %d: %s", line, err == ERR_FULL ? "more ids than --max-workers" : "out of memory");
    stored_expect(queen, record);
    return OK;
}

enum err expect_list(struct queen *queen, struct text list, struct errbuf *e)
{
    enum err err = OK;
    for (int line = 1; list.at && err == OK; line++) {
        struct text name = trim(text_split(&list, '\n'));
        if (name.len > 0)
            err = expect_one(queen, name, line, e);
    }
    return err;
}
