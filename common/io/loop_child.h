/* loop_child.h - other programs as children of this process: started without waiting for them, and seen ending.
 *
 * On the loop's thread. A loop that has started one, or was told to, waits for every child of this process: nothing
 * else in it may. */
#ifndef SKEP_LOOP_CHILD_H
#define SKEP_LOOP_CHILD_H

#include "exit_status.h"
#include "loop.h"

struct loop_child;

struct loop_child_options {
    const char *file; /* a path */
    char *const *arguments, *const *environment;
    const char *directory; /* NULL: this process's */
    const int *streams; /* borrowed during the call: they become 0, 1, 2 and so on; -1: /dev/null. Others are closed */
    size_t stream_count;
    bool leads_session;     /* of its own, and thereby a group */
    int (*run)(void *user); /* in place of `file`, in the child: the exit code. It has all signals blocked */
    void *run_user;
    void (*ended)(void *user, const struct exit_status *exit_status); /* once; may free the child */
    void *user;
};

#define LOOP_CHILD_STREAMS_MAX 8

/* What runs is the program, or a process that has not become it yet: it gets there by itself, however long that takes.
 * It has the signals that this process was started with, and the limit of descriptors. Where it cannot be executed it
 * ends with 126 or, if there is no such file, 127. ERR_NOMEM, ERR_IO, with a sentence. */
enum err loop_child_new(struct loop *loop, const struct loop_child_options *options, struct loop_child **ret,
                        struct errbuf *e);

int loop_child_pid(const struct loop_child *child); /* its own until `ended` */

/* KILL to one that leads a session, and to its process group. Not after `ended`. */
void loop_child_kill(struct loop_child *child);

/* Not watched any longer, and waited for all the same. NULL is fine. */
void loop_child_free(struct loop_child *child);

/* Waits also for what becomes a child of this process without having been started here: orphans, if it is the first
 * process of a container. ERR_NOMEM, ERR_IO. */
enum err loop_reap(struct loop *loop);

#endif
