/* loop_private.h - the loop's own struct, shared by the files of the loop. */
#ifndef SKEP_LOOP_PRIVATE_H
#define SKEP_LOOP_PRIVATE_H

#include <uv.h>

#include "loop.h"

/* libuv's handle is the first member everywhere: its address is that of the whole. */
struct loop {
    uv_loop_t uv;
    uv_prepare_t turn;
    bool in_timer;
    void (*before_sleep)(void *user);
    void *user;
    bool reaps;                  /* SIGCHLD is watched */
    struct loop_child *children; /* those that run */
};

#endif
