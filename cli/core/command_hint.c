#include "command_hint.h"

#include "text.h"

/* What other tools call it. */
static const struct {
    const char *word, *meant;
} synonyms[] = {
    { "get", "ps" },
    { "list", "ps" },
    { "ls", "ps" },
    { "list-units", "ps" },
    { "members", "ps" },
    { "workers", "ps" },
    { "top", "ps --watch" },
    { "watch", "ps --watch" },
    { "inspect", "describe WORKER" },
    { "show", "describe WORKER" },
    { "status", "describe WORKER" },
    { "check", "verify WORKER" },
    { "ping", "verify WORKER" },
    { "is-active", "wait WORKER --timeout 0s" },
    { "rm", "forget WORKER" },
    { "remove", "forget WORKER" },
    { "delete", "forget WORKER" },
    { "up", "hive start" },
    { "down", "hive stop" },
};

/* What skep does not do. */
static const struct {
    const char *word, *why;
} elsewhere[] = {
    { "logs", "what a worker prints is in the log of its hive" },
    { "start", "a hive starts its workers, on request: docs/protocol.md" },
    { "stop", "a hive stops its workers, on request: docs/protocol.md" },
    { "restart", "a hive restarts its workers, on request: docs/protocol.md" },
    { "reload", "a hive reads its configuration again on SIGHUP" },
};

/* Begins with the word, or is at most every third character away. */
static const char *nearest(struct text word, const char *const *commands)
{
    const char *found = NULL;
    size_t least = word.len / 3 + 1;
    for (; *commands; commands++) {
        struct text command = text_of(*commands);
        size_t distance = text_distance(word, command);
        if (word.len > 0 && text_skip(&command, word))
            return *commands;
        if (distance < least) {
            least = distance;
            found = *commands;
        }
    }
    return found;
}

void command_hint_add(struct buf *ret, const char *word, const char *const *commands)
{
    const char *meant = nearest(text_of(word), commands);
    for (size_t i = 0; i < ARRAY_LEN(synonyms); i++)
        if (strcmp(word, synonyms[i].word) == 0)
            meant = synonyms[i].meant;
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        if (strcmp(word, elsewhere[i].word) == 0) {
            buf_printf(ret, "; %s", elsewhere[i].why);
            return;
        }
    }
    if (meant)
        buf_printf(ret, "; did you mean skep %s?", meant);
}
