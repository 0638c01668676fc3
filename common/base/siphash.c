#include "siphash.h"

#include <string.h>

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* Little-endian whatever the host; `len` of at most 8 bytes. */
static inline uint64_t load(const unsigned char *at, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return word;
}

static inline void rounds(struct state *s, int count)
{
    while (count-- > 0) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate_left(s->v1, 13) ^ s->v0;
        s->v3 = rotate_left(s->v3, 16) ^ s->v2;
        s->v0 = rotate_left(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate_left(s->v1, 17) ^ s->v2;
        s->v3 = rotate_left(s->v3, 21) ^ s->v0;
        s->v2 = rotate_left(s->v2, 32);
    }
}

static inline void compress(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, 2);
    s->v0 ^= word;
}

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t len)
{
    struct state s = {
        .v0 = key->k0 ^ 0x736F6D6570736575,
        .v1 = key->k1 ^ 0x646F72616E646F6D,
        .v2 = key->k0 ^ 0x6C7967656E657261,
        .v3 = key->k1 ^ 0x7465646279746573,
    };
    const unsigned char *at = bytes;
    size_t left = len;
    for (; left >= 8; at += 8, left -= 8)
        compress(&s, load(at, 8));
    compress(&s, (uint64_t)len << 56 | load(at, left));
    s.v2 ^= 0xFF;
    rounds(&s, 4);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* The second half's input goes on to the terminator: no purpose's name is another's input. */
struct siphash_key siphash_derive(const struct siphash_key *secret, const char *purpose)
{
    size_t len = strlen(purpose);
    return (struct siphash_key){ siphash(secret, purpose, len), siphash(secret, purpose, len + 1) };
}
