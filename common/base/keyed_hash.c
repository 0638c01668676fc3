#include "keyed_hash.h"

static struct siphash_key hash_key;

void keyed_hash_seed(struct siphash_key key)
{
    hash_key = key;
}

unsigned keyed_hash(const void *bytes, size_t len)
{
    return (unsigned)siphash(&hash_key, bytes, len);
}
