/* output_relay.h - what the command prints, on its way to where the agent's log goes. Whoever reads that may slow the
 * command down for a second and stops nobody; what is dropped is counted in the log.
 *
 * Relayed is standard error, unless it is a terminal, and standard output where that goes to the same place: otherwise
 * it is data, and the command's own. On the loop's thread. */
#ifndef SKEP_OUTPUT_RELAY_H
#define SKEP_OUTPUT_RELAY_H

#include "loop.h"
#include "text.h"

struct output_relay;

/* *ret is NULL where there is nothing to relay. ERR_NOMEM, ERR_IO, with a sentence. */
enum err output_relay_new(struct loop *loop, struct output_relay **ret, struct errbuf *e);

/* What the command gets as its STDOUT_FILENO or STDERR_FILENO; `relay` may be NULL. */
int output_relay_stream(const struct output_relay *relay, int fd);

/* It has been started: from now on the command alone can print there. NULL is fine, here and below. */
void output_relay_begin(struct output_relay *relay);

/* It has ended: reads what is left. */
void output_relay_drain(struct output_relay *relay);

/* Its last lines, 200 or 64 KiB at most. Borrowed until the loop goes on. */
struct text output_relay_last(const struct output_relay *relay);

/* A reader that is slow has another moment for what waits. */
void output_relay_free(struct output_relay *relay);

#endif
