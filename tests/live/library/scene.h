/* scene.h - a broker, and a client that is not ours and watches all of it, for each test of the worker library. */
#ifndef TEST_LIBRARY_SCENE_H
#define TEST_LIBRARY_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "await.h"
#include "broker.h"
#include "skep/worker.h"
#include "watcher.h"

#define PRESENCE "/worker/w/presence"
#define HEARTBEAT "/worker/w/heartbeat"
#define REQUESTS "skep/v1-rpc/hive/default/worker/w/"
#define REPLIES "skep/v1-rpc/reply/me"

extern struct broker *broker;
extern struct watcher *watcher;

int scene_open(void **state); /* setup and teardown of cmocka */
int scene_close(void **state);

/* Opens worker `w` there; fails the test if it cannot. */
struct skep_worker *open_at(const char *uri, struct skep_worker_options options);
struct skep_worker *online_at(const char *uri); /* and awaits that it is online */
bool is_online(void *worker);                   /* a condition */

#endif
