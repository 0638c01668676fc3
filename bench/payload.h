/* payload.h - the two heartbeats that everything is measured with: the original seven fields, and a full one of exactly
 * 472 bytes. */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include "base.h"

enum payload { PAYLOAD_SEVEN, PAYLOAD_FULL };

#define PAYLOAD_SIZE 512
#define PAYLOAD_FULL_LEN 472

/* Writes the heartbeat `seq` of a worker, terminated, and returns its length. Numbers have a fixed width. */
size_t payload_write(enum payload kind, unsigned worker, unsigned seq, char ret[PAYLOAD_SIZE]);

/* The worker's name, as the payload has it. */
#define PAYLOAD_NAME_SIZE 24
void payload_name(unsigned worker, char ret[PAYLOAD_NAME_SIZE]);

/* The i-th of `count` in an order that jumps about: each once, then each again. */
unsigned payload_shuffle(uint64_t i, unsigned count);

#endif
