/* follow.h - the queen's events as they come, by long polling. */
#ifndef SKEP_CLI_FOLLOW_H
#define SKEP_CLI_FOLLOW_H

#include "api.h"

/* Begins with its api alone: from the oldest event that the queen remembers. */
struct follow {
    struct api *api; /* borrowed */
    int64_t after;   /* id of the last event that was handed out */
    bool begun;      /* the queen has answered */
    bool away;       /* and then no longer */
};

/* The next events, oldest first, in the member `events` of *ret (cJSON_Delete), waiting up to `timeout` ms (in whole
 * seconds, 60 s at most) for the first; there may be none. A queen that goes away later is waited for, with a note on
 * stderr when it goes and when it is back; one that was never there is ERR_UNREACHABLE. */
enum err follow_next(struct follow *follow, ms_t timeout, struct cJSON **ret, struct errbuf *e);

/* Passes by all that has happened up to now. */
enum err follow_skip(struct follow *follow, struct errbuf *e);

#endif
