/* follow.h - the queen's events as they come, by long polling. */
#ifndef SKEP_CLI_FOLLOW_H
#define SKEP_CLI_FOLLOW_H

#include "api.h"

/* Begins with its first three members alone: from the oldest event that the queen remembers. */
struct follow {
    struct api *api;                                     /* borrowed */
    void (*take)(void *user, const struct cJSON *event); /* gets each event once, oldest first; borrowed */
    void *user;
    int64_t after; /* id of the last event that was handed out or passed by */
    bool begun;    /* the queen has answered */
    bool away;     /* and then no longer */
};

/* Hands out the next events, waiting up to `timeout` ms (in whole seconds, 60 s at most) for the first; there may be
 * none. *ret (cJSON_Delete) is the answer without them, or untouched from a queen that went away: that is waited for,
 * with a note on stderr when it goes and when it is back; one that was never there is ERR_UNREACHABLE. One call takes a
 * second at least if it brings nothing, but never goes beyond the api's deadline. */
enum err follow_next(struct follow *follow, ms_t timeout, struct cJSON **ret, struct errbuf *e);

/* Passes by all that has happened up to now, by one answer: what happens afterwards is handed out, however soon. */
enum err follow_skip(struct follow *follow, struct errbuf *e);

#endif
