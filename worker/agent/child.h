/* child.h - a command as a process, that of --exec or of --feed: started, told to end, seen ending. */
#ifndef SKEP_CHILD_H
#define SKEP_CHILD_H

#include "arena.h"
#include "exit_status.h"
#include "loop.h"

#define CHILD_TIMEOUT_MS 10000 /* ms between TERM and KILL */

struct child;

struct child_options {
    char **command;            /* ended by NULL; borrowed during the call */
    const char *notify_socket; /* the command's NOTIFY_SOCKET; NULL = none */
    ms_t watchdog;             /* the command's WATCHDOG_USEC, with its pid as WATCHDOG_PID; 0 = none */
    int input, output, errors; /* its standard descriptors */
    bool dies_with_agent;
    bool is_companion;          /* another one does the work: what is not below its own guard is none of its business */
    void (*ending)(void *user); /* the command has ended; it may have named another main process before */
    void (*main_changed)(void *user);                                 /* child_pid is another one */
    void (*ended)(void *user, const struct exit_status *exit_status); /* on the loop, once */
    void *user;
};

/* Starts the command below a guard (guard.h), in a process group of its own unless it shares the agent's terminal, with
 * the agent's environment but for what is meant for the agent alone. Returns when the command
 * is running. ERR_NOT_FOUND when there is no such
 * command, ERR_REFUSED when it cannot be executed, ERR_IO, ERR_NOMEM, with a sentence. `arena` must live as long as the
 * call. */
enum err child_new(struct loop *loop, const struct child_options *options, struct arena *arena, struct child **ret,
                   struct errbuf *e);

/* Stops watching. What still runs is killed if it dies with the agent; waits for the end of that. */
void child_free(struct child *child);

int child_pid(const struct child *child); /* its main process: the command, unless that has named another one */

/* Another process that the command has started is its main one: its end is the end, and not that of the command. Where
 * another process waits for it, the command is the main one again; or it ended in an unknown way if that has ended. */
void child_follow(struct child *child, int pid);

/* A guard that somebody has stopped (SIGSTOP) reports no end and takes no order: it goes on. */
void child_wake(const struct child *child);

int child_guard(const struct child *child); /* its parent, and that of all that it started; 0 when nothing is left */

/* TERM to all that it started, KILL after CHILD_TIMEOUT_MS. Then `ended` comes when nothing of it is left; where that
 * cannot be reached, a little later all the same, which is logged. */
void child_stop(struct child *child);

/* EXTEND_TIMEOUT_USEC: no KILL for `more` ms from now. Nothing unless it was told to stop. */
void child_extend(struct child *child, ms_t more);

/* To the main process alone, unless it has it already: the kernel sends those of a terminal to both. */
void child_signal(struct child *child, int number, bool is_sent);

/* HUP to its group, and to a main process outside of it. */
void child_hang_up(struct child *child);

/* Ends this process as the child ended: dies of the same signal, without a core of its own. Returns the exit code
 * where there was no signal, or where the signal does not kill (the first process of a container). */
int child_imitate(const struct exit_status *exit_status);

#endif
