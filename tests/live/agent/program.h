/* program.h - programs as a test starts them: with arguments, an own environment, and pipes to their streams. */
#ifndef TEST_PROGRAM_H
#define TEST_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

struct program {
    pid_t pid;
    int input;  /* the write end of its standard input; -1 = none: it reads /dev/null */
    int output; /* the read end of its standard output */
    bool has_ended;
    int status; /* as waitpid gives it, when it has ended */
};

/* Starts argv[0] (a path), with more variables in its environment ("NAME=value", ended by NULL; NULL = none). Fails the
 * test if it cannot. */
void program_start(struct program *program, const char *const *argv, const char *const *environment, bool with_input);

/* Waits for the end. Fails the test if it takes too long. Returns the status as waitpid gives it. */
int program_wait(struct program *program);

/* The next line of its output, without the end, or "" at the end of it. Borrowed until the next call. */
const char *program_read_line(struct program *program);

/* Kills it if it runs, and frees what it holds. */
void program_clear(struct program *program);

/* True while a process of that id exists and is no zombie. */
bool program_exists(pid_t pid);

/* Stops it (SIGSTOP), and returns when it stands. */
void program_halt(pid_t pid);

/* Fails the test unless program_exists becomes false. */
void program_await_gone(pid_t pid);

#endif
