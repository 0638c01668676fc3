/* log_relay.h - brings what the worker library says from its thread to the log, which belongs to the loop's. */
#ifndef SKEP_LOG_RELAY_H
#define SKEP_LOG_RELAY_H

#include <skep/worker.h>

#include "loop.h"

struct log_relay;

enum err log_relay_new(struct loop *loop, struct log_relay **ret, struct errbuf *e);

/* Logs what is left. Free it when the library's thread has ended. */
void log_relay_free(struct log_relay *relay);

/* For struct skep_worker_options: `user` is the relay. Never blocks; a message that finds no room is dropped. */
void log_relay_write(void *user, enum skep_log_level level, const char *message);

#endif
