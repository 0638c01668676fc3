/* verify_reply.h - what a worker's reply to `verify` says of its work. Pure. */
#ifndef SKEP_VERIFY_REPLY_H
#define SKEP_VERIFY_REPLY_H

#include "verify.h"

/* Of the request with that token, as its nonce. VERIFY_NO_REPLY: it is no reply to that. */
enum verify_result verify_reply_read(struct arena *arena, uint64_t token, struct text payload);

#endif
