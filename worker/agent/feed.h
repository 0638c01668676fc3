/* feed.h - the companion of a worker (--feed): a command whose lines go into its heartbeats, beside whatever its source
 * is. One that ends is started again; one that is silent for --feed-timeout is ended first. The worker goes on without
 * it, and its heartbeats have `feed_lost`. On the loop's thread. */
#ifndef SKEP_FEED_H
#define SKEP_FEED_H

#include "agent.h"

struct feed;

#define FEED_PAUSE_FIRST 1000 /* ms before a command that has ended is started again; doubling */
#define FEED_PAUSE_MAX 30000  /* ms */
#define FEED_LIVED_MS 60000   /* one that lived that long starts the pauses anew */

/* Of the agent's --feed, whose words were checked; nothing is started yet. ERR_NOMEM with a sentence. */
enum err feed_new(struct agent *agent, struct feed **ret, struct errbuf *e);

void feed_start(struct feed *feed); /* the worker is open; NULL is fine, here and below */
void feed_stop(struct feed *feed);  /* told to end, and not missed when it does */
void feed_free(struct feed *feed);  /* what still runs of it is killed */

#endif
