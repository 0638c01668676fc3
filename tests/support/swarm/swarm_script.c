#include "swarm_script.h"

#include <err.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERB_WORD(verb, word, state) [verb] = word,
const char *const verb_words[VERB_COUNT] = { VERBS(VERB_WORD) };
#define VERB_STATE(verb, word, state) [verb] = state,
const char *const verb_states[VERB_COUNT] = { VERBS(VERB_STATE) };

enum key_kind { KEY_NUMBER, KEY_TIME, KEY_WORD };

static const struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;
} keys[] = {
    { "from", KEY_NUMBER, offsetof(struct action, from) },
    { "count", KEY_NUMBER, offsetof(struct action, count) },
    { "over", KEY_NUMBER, offsetof(struct action, over) },
    { "size", KEY_NUMBER, offsetof(struct action, size) },
    { "rpc", KEY_NUMBER, offsetof(struct action, rpc) },
    { "rate", KEY_NUMBER, offsetof(struct action, rate) },
    { "for", KEY_TIME, offsetof(struct action, for_us) },
    { "user", KEY_WORD, offsetof(struct action, user) },
    { "shape", KEY_WORD, offsetof(struct action, shape) },
    { "interval", KEY_TIME, offsetof(struct action, interval_us) },
};

/* `12`, `1.5s`, `200ms`, `2m` in microseconds. */
static bool parse_time(const char *text, int64_t *ret)
{
    static const struct {
        const char *unit;
        double us;
    } units[] = { { "ms", 1e3 }, { "s", 1e6 }, { "m", 6e7 } };
    char *end;
    double value = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (end != text && value >= 0 && strcmp(end, units[i].unit) == 0) {
            *ret = (int64_t)(value * units[i].us);
            return true;
        }
    return false;
}

static bool parse_number(const char *text, unsigned *ret)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end || value > 100000000)
        return false;
    *ret = (unsigned)value;
    return true;
}

static bool set_key(struct action *action, char *word)
{
    char *value = strchr(word, '=');
    if (!value)
        return false;
    *value++ = '\0';
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        void *field = (char *)action + keys[i].offset;
        if (strcmp(keys[i].name, word) != 0)
            continue;
        if (keys[i].kind == KEY_WORD)
            return snprintf(field, USER_SIZE, "%s", value) < USER_SIZE;
        return keys[i].kind == KEY_TIME ? parse_time(value, field) : parse_number(value, field);
    }
    return false;
}

static bool set_verb(struct action *action, const char *word)
{
    for (action->verb = 0; action->verb < VERB_COUNT; action->verb++)
        if (strcmp(verb_words[action->verb], word) == 0)
            return true;
    return false;
}

/* What is wrong with the line, or NULL. */
static const char *parse_line(struct action *action, char *line)
{
    char *rest = line, *word = strtok_r(line, " \t\n", &rest);
    *action = (struct action){ .count = 1, .interval_us = 30000000 };
    if (!parse_time(word, &action->at_us))
        return "begins with no time";
    if (!(word = strtok_r(NULL, " \t\n", &rest)) || !set_verb(action, word))
        return "no such verb";
    if (!(word = strtok_r(NULL, " \t\n", &rest)) || strlen(word) >= TARGET_SIZE)
        return "no target, or a long one";
    strcpy(action->target, word);
    while ((word = strtok_r(NULL, " \t\n", &rest)))
        if (!set_key(action, word))
            return "no such key, or not its value";
    if (!*action->user)
        snprintf(action->user, sizeof action->user, "%.*s", USER_SIZE - 1, action->target);
    return NULL;
}

static int64_t end_of(const struct action *action)
{
    if (action->verb == VERB_FLEET)
        return 0;
    if (verb_is_flood(action->verb))
        return action->at_us + action->for_us;
    return action->at_us + (action->rate ? action->count * INT64_C(1000000) / action->rate : 0);
}

void script_read(struct script *script, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[512];
    if (!file)
        err(2, "%s", path);
    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        struct action *action = &script->actions[script->count];
        const char *wrong;
        line[strcspn(line, "#\n")] = '\0';
        if (line[strspn(line, " \t")] == '\0')
            continue;
        wrong = script->count == ACTIONS_MAX ? "too many actions" : parse_line(action, line);
        if (wrong)
            errx(2, "%s:%u: %s", path, number, wrong);
        script->count++;
        if (end_of(action) > script->end_us)
            script->end_us = end_of(action);
    }
    fclose(file);
}

bool script_find(const struct script *script, const char *hive, const char *worker, unsigned *ret_action,
                 unsigned *ret_worker)
{
    unsigned number;
    if (worker[0] != 'w' || !parse_number(worker + 1, &number))
        return false;
    for (unsigned i = 0; i < script->count; i++) {
        const struct action *action = &script->actions[i];
        if (action->verb == VERB_FLEET && strcmp(action->target, hive) == 0 && number >= action->from &&
            number - action->from < action->count) {
            *ret_action = i;
            *ret_worker = number - action->from;
            return true;
        }
    }
    return false;
}
