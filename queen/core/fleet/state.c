#include "state.h"

#include <string.h>

#define X(symbol, name, of_hive) [STATE_##symbol] = name,
static const char *const state_names[] = { STATES(X) };
#undef X
#define X(symbol, name, of_hive) [STATE_##symbol] = of_hive,
static const char *const hive_state_names[] = { STATES(X) };
#undef X
#define X(symbol, name) [CAUSE_##symbol] = name,
static const char *const cause_names[] = { CAUSES(X) };
#undef X
#define X(symbol, name) [PATH_##symbol] = name,
static const char *const path_names[] = { EVIDENCE_PATHS(X) };
#undef X
#define X(symbol, name, sentence) [RESULT_##symbol] = name,
static const char *const result_names[] = { EVIDENCE_RESULTS(X) };
#undef X
#define X(symbol, name, sentence) [RESULT_##symbol] = sentence,
static const char *const result_sentences[] = { EVIDENCE_RESULTS(X) };
#undef X

const char *state_name(enum state state)
{
    return (unsigned)state < STATE_COUNT ? state_names[state] : "unknown";
}

const char *state_name_of_hive(enum state state)
{
    return (unsigned)state < STATE_COUNT ? hive_state_names[state] : NULL;
}

const char *cause_name(enum cause cause)
{
    return (unsigned)cause < CAUSE_COUNT ? cause_names[cause] : "none";
}

const char *evidence_path_name(enum evidence_path path)
{
    return (unsigned)path < EVIDENCE_PATH_COUNT ? path_names[path] : "none";
}

const char *evidence_result_name(enum evidence_result result)
{
    return (unsigned)result < EVIDENCE_RESULT_COUNT ? result_names[result] : "none";
}

const char *evidence_sentence(enum evidence_result result)
{
    return (unsigned)result < EVIDENCE_RESULT_COUNT ? result_sentences[result] : "";
}

enum state state_of_name(const char *name)
{
    for (int state = STATE_NONE + 1; state < STATE_COUNT; state++)
        if (strcmp(name, state_names[state]) == 0)
            return state;
    return STATE_NONE;
}

#define TO(state) (1u << STATE_##state)

/* What may follow what. Everybody may be forgotten, which removes the record and is no state. What only stored copies
 * said goes back to `unverified` when another copy contradicts it. */
static const unsigned followers[STATE_COUNT] = {
    [STATE_NONE] = TO(UNVERIFIED) | TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_UNVERIFIED] = TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_ONLINE] = TO(SUSPECT) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_SUSPECT] = TO(UNVERIFIED) | TO(ONLINE) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_STALE] = TO(UNVERIFIED) | TO(ONLINE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_ZOMBIE] = TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_OFFLINE] = TO(UNVERIFIED) | TO(ONLINE),
    [STATE_UNREACHABLE] = TO(UNVERIFIED) | TO(ONLINE) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE),
};

/* A hive starts anew with every process that announces itself, and counts as ready when it was asked. */
static const unsigned hive_followers[STATE_COUNT] = {
    [STATE_NONE] = TO(UNVERIFIED) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_UNVERIFIED] = TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_ONLINE] = TO(UNVERIFIED) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_SUSPECT] = TO(UNVERIFIED) | TO(ONLINE) | TO(STALE) | TO(OFFLINE),
    [STATE_STALE] = TO(UNVERIFIED) | TO(OFFLINE),
    [STATE_OFFLINE] = TO(UNVERIFIED),
};

static bool may_follow(const unsigned followers_of[STATE_COUNT], enum state from, enum state to)
{
    return (unsigned)from < STATE_COUNT && (unsigned)to < STATE_COUNT && (followers_of[from] & (1u << to)) != 0;
}

bool state_may_follow(enum state from, enum state to)
{
    return may_follow(followers, from, to);
}

bool state_may_follow_of_hive(enum state from, enum state to)
{
    return may_follow(hive_followers, from, to);
}
