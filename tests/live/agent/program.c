#include "program.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"

#define EXEC_FAILED 99

static void become(const char *const *argv, const char *const *environment, int input, int output)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    for (; environment && *environment; environment++)
        putenv((char *)*environment);
    execv(argv[0], (char *const *)argv);
    _exit(EXEC_FAILED);
}

void program_start(struct program *program, const char *const *argv, const char *const *environment, bool with_input)
{
    int input[2] = { -1, -1 }, output[2];
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    if (with_input)
        assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    else
        input[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(input[0] >= 0);
    *program = (struct program){ .pid = fork(), .input = input[1], .output = output[0] };
    assert_true(program->pid >= 0);
    if (program->pid == 0)
        become(argv, environment, input[0], output[1]);
    close(input[0]);
    close(output[1]);
}

static bool has_ended(void *user)
{
    struct program *program = user;
    program->has_ended = program->has_ended || waitpid(program->pid, &program->status, WNOHANG) == program->pid;
    return program->has_ended;
}

int program_wait(struct program *program)
{
    if (!await(has_ended, program, AWAIT_LIMIT))
        fail_msg("the process did not end");
    return program->status;
}

const char *program_read_line(struct program *program)
{
    static char line[256];
    size_t len = 0;
    while (len < sizeof line - 1 && read(program->output, line + len, 1) == 1 && line[len] != '\n')
        len++;
    line[len] = 0;
    return line;
}

void program_clear(struct program *program)
{
    if (!program->has_ended) {
        kill(program->pid, SIGKILL);
        waitpid(program->pid, &program->status, 0);
        program->has_ended = true;
    }
    if (program->input >= 0)
        close(program->input);
    close(program->output);
}

/* As in proc(5); Z when it is gone. */
static char program_state(pid_t pid)
{
    char path[64], state = 'Z';
    FILE *file;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (!file)
        return 'Z';
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state;
}

bool program_exists(pid_t pid)
{
    char state = program_state(pid);
    return state != 'Z' && state != 'X';
}

static bool is_stopped(void *user)
{
    return program_state(*(pid_t *)user) == 'T';
}

void program_halt(pid_t pid)
{
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_true(await(is_stopped, &pid, AWAIT_LIMIT));
}

static bool is_gone(void *user)
{
    return !program_exists(*(pid_t *)user);
}

void program_await_gone(pid_t pid)
{
    if (!await(is_gone, &pid, AWAIT_LIMIT))
        fail_msg("process %d is still there", (int)pid);
}
