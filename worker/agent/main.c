#include <stdio.h>

#include "agent_run.h"
#include "child_exec.h"
#include "log.h"
#include "start_gate.h"

static int refuse(const struct errbuf *e)
{
    char shown[ERRBUF_SIZE];
    text_to_printable(text_of(e->text), shown, sizeof shown);
    fprintf(stderr, "skep-worker: %s\n", shown);
    return EXIT_USAGE;
}

static int run(const struct agent_conf *conf, char **command)
{
    if (start_gate_pass())
        return agent_run(conf, command);
    fprintf(stderr, "skep-worker: the hive that started this agent has exited\n");
    return AGENT_FAILED;
}

int main(int argc, char **argv)
{
    struct agent_conf conf;
    struct arena arena;
    struct errbuf e = { 0 };
    int next, code;
    if (child_exec_is_meant(argc, argv))
        return child_exec(argv);
    arena_init(&arena, 0);
    code = service_configure(&agent_service, argc, argv, &conf, &arena, agent_conf_check, &next);
    if (code < 0)
        code = agent_command_check(&conf, argv + next, &e) == OK ? run(&conf, argv + next) : refuse(&e);
    arena_clear(&arena);
    return code;
}
