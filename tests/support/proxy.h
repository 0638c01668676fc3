/* proxy.h - a TCP proxy on the loopback that breaks links on demand, in a thread of its own. Functions may be called
 * from the test's thread and return when the proxy has done what was asked. */
#ifndef TEST_PROXY_H
#define TEST_PROXY_H

#include "base.h"

struct proxy;

/* Forwards 127.0.0.1:(a free port) to 127.0.0.1:`target`. NULL on failure. */
struct proxy *proxy_start(int target);
void proxy_free(struct proxy *proxy); /* resets what is open; NULL is fine */

int proxy_port(const struct proxy *proxy);

/* Resets every connection (both sides get RST) and refuses new ones for `refuse` ms; MS_NEVER: until proxy_accept. */
void proxy_reset(struct proxy *proxy, ms_t refuse);
void proxy_accept(struct proxy *proxy);

/* Frozen, nothing is forwarded either way and nothing is closed: packets seem to be lost. */
void proxy_freeze(struct proxy *proxy, bool frozen);

/* Connections made since the start. */
unsigned proxy_count(struct proxy *proxy);

#endif
