/* feed_lines.h - lines of JSON from whatever reports a worker's work: what they say goes into its heartbeats, and is
 * withdrawn when no more come, so that yesterday's queue depth is never shown as today's. On the loop's thread. */
#ifndef SKEP_FEED_LINES_H
#define SKEP_FEED_LINES_H

#include "agent.h"
#include "text.h"

struct feed_lines;

struct feed_lines_options {
    const char *name;           /* for the log, borrowed; e.g. standard input */
    ms_t timeout;               /* silence after which it is lost */
    void (*silent)(void *user); /* it is; may be NULL */
    void *user;
};

/* Counted as the agent's: its heartbeats have `feed_lost` while one of them is. ERR_NOMEM with a sentence. */
enum err feed_lines_new(struct agent *agent, const struct feed_lines_options *options, struct feed_lines **ret,
                        struct errbuf *e);
void feed_lines_free(struct feed_lines *lines);

/* The worker is open, and silence counts from now. */
void feed_lines_begin(struct feed_lines *lines);

/* Bytes as they come. A line that cannot be read, or is refused, is skipped, logged, and as good as silence. */
void feed_lines_take(struct feed_lines *lines, struct text bytes);

/* No more come, for now: a last line without its end counts, and silence is none. */
void feed_lines_end(struct feed_lines *lines);

/* Nobody is there who could report: what was is withdrawn, until the next line. Only the first call of several changes
 * anything. */
void feed_lines_lose(struct feed_lines *lines, const char *why);

/* What came last was a goodbye: the line `goodbye`, or a status `draining`. */
bool feed_lines_is_leaving(const struct feed_lines *lines);

/* How the work does as far as lines tell, for struct source's `verify`: another line that comes before the answer must
 * be given may show a step. */
enum skep_work feed_lines_verify(const struct agent *agent, uint32_t left_ms);

#endif
