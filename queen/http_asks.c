#include "http_asks.h"

#include <stdlib.h>
#include <utlist.h>

struct refusal {
    uint64_t token;
    struct errbuf why;
    struct refusal *prev, *next;
};

struct http_asks {
    struct http_client *client;
    struct loop_timer *turn; /* the next one */
    struct refusal *refused; /* told then */
    http_client_answered *answered;
    void *user;
};

/* What is refused meanwhile is told a turn later. */
static void tell_refused(void *user)
{
    struct http_asks *asks = user;
    struct refusal *refused = asks->refused, *refusal, *next;
    asks->refused = NULL;
    DL_FOREACH_SAFE(refused, refusal, next)
    {
        struct http_answer answer = { .fault = refusal->why.text };
        asks->answered(asks->user, refusal->token, &answer);
        free(refusal);
    }
}

enum err http_asks_new(struct loop *loop, const struct cidr_list *allowed, http_client_answered *answered, void *user,
                       struct http_asks **ret)
{
    struct http_client_options options = { .allowed = allowed, .path = "/health", .limit = HTTP_ASKS_RUNNING };
    auto_free(http_asks) asks = calloc(1, sizeof *asks);
    enum err err;
    if (!asks)
        return ERR_NOMEM;
    asks->answered = answered;
    asks->user = user;
    if ((err = http_client_new(loop, &options, answered, user, &asks->client)) != OK ||
        (err = loop_timer_new(loop, tell_refused, asks, &asks->turn)) != OK)
        return err;
    *ret = asks;
    asks = NULL;
    return OK;
}

void http_asks_free(struct http_asks *asks)
{
    struct refusal *refusal, *next;
    if (!asks)
        return;
    http_client_free(asks->client);
    loop_timer_free(asks->turn);
    DL_FOREACH_SAFE(asks->refused, refusal, next)
    {
        free(refusal);
    }
    free(asks);
}

enum err http_asks_add(struct http_asks *asks, const char *url, uint64_t token, ms_t patience)
{
    struct errbuf e = { 0 };
    struct refusal *refusal;
    if (http_client_get(asks->client, url, token, patience, &e) == OK)
        return OK;
    if (!(refusal = malloc(sizeof *refusal)))
        return ERR_NOMEM;
    *refusal = (struct refusal){ .token = token, .why = e };
    DL_APPEND(asks->refused, refusal);
    loop_timer_in(asks->turn, 0);
    return OK;
}
