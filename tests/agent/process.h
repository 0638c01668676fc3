/* process.h - programs as a test starts them: with arguments, an own environment, and pipes to their streams. */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    int input;  /* the write end of its standard input; -1 = none: it reads /dev/null */
    int output; /* the read end of its standard output */
    bool has_ended;
    int status; /* as waitpid gives it, when it has ended */
};

/* Starts argv[0] (a path), with more variables in its environment ("NAME=value", ended by NULL; NULL = none). Fails the
 * test if it cannot. */
void process_start(struct process *process, const char *const *argv, const char *const *environment, bool with_input);

/* Waits for the end. Fails the test if it takes too long. Returns the status as waitpid gives it. */
int process_wait(struct process *process);

/* The next line of its output, without the end, or "" at the end of it. Borrowed until the next call. */
const char *process_read_line(struct process *process);

/* Kills it if it runs, and frees what it holds. */
void process_clear(struct process *process);

/* True while a process of that id exists and is no zombie. */
bool process_exists(pid_t pid);

/* Stops it (SIGSTOP), and returns when it stands. */
void process_halt(pid_t pid);

/* Fails the test unless process_exists becomes false. */
void process_await_gone(pid_t pid);

#endif
