/* Plays the text of a scenario: see script.h. */
#include <stdlib.h>

#include "script.h"

#define WORLD_LINE "world"

bool script_command(const char *line, ms_t *ret_at, const char **ret_command)
{
    char *rest;
    if (line[0] != '[')
        return false;
    *ret_at = strtoll(line + 1, &rest, 10);
    if (*rest != ']')
        return false;
    rest += 1 + strspn(rest + 1, " ");
    if (strncmp(rest, WORLD_LINE " ", sizeof WORLD_LINE) != 0)
        return false;
    rest += sizeof WORLD_LINE;
    *ret_command = rest + strspn(rest, " ");
    return true;
}

static enum err play_line(struct world *world, const char *line, struct errbuf *e)
{
    const char *command;
    ms_t at;
    if (line[0] == '#' || line[0] == '\0') {
        buf_printf(&world->trace.text, "%s\n", line);
        return OK;
    }
    if (!script_command(line, &at, &command))
        return OK;
    if (at < world->network.now)
        return err_set(e, ERR_RANGE, "time goes back");
    world_run(world, at);
    return script_do(world, command, e);
}

static enum err play(struct world *world, struct text scenario, struct errbuf *e)
{
    enum err err = OK;
    struct text line;
    while (err == OK && scenario.len > 0) {
        char *copy;
        line = text_split(&scenario, '\n');
        copy = arena_copy(&world->arena, line);
        err = copy ? play_line(world, copy, e) : ERR_NOMEM;
    }
    if (err != OK) {
        struct errbuf why = *e;
        return err_set(e, err, "%.*s: %s", (int)line.len, line.at, why.text);
    }
    return OK;
}

enum err script_play(struct text scenario, struct arrivals *arrivals, struct buf *ret, struct errbuf *e)
{
    struct world world;
    enum err err;
    world_init(&world, 1);
    if (arrivals)
        arrivals_init(arrivals, &world);
    err = play(&world, scenario, e);
    if (err == OK)
        buf_add_text(ret, buf_text(&world.trace.text));
    world_clear(&world);
    return err;
}
