/* siphash.h - SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash, so that hostile ids cannot be made to collide.
 */
#ifndef SKEP_SIPHASH_H
#define SKEP_SIPHASH_H

#include "base.h"

struct siphash_key {
    uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t len);

/* A key of its own for each purpose, so that what one purpose shows tells nothing of another. */
struct siphash_key siphash_derive(const struct siphash_key *secret, const char *purpose);

#endif
