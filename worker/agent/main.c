#include <stdio.h>

#include "agent.h"
#include "child_exec.h"
#include "log.h"

static int refuse(const struct errbuf *e)
{
    char shown[ERRBUF_SIZE];

    text_to_printable(text_of(e->text), shown, sizeof(shown));
    fprintf(stderr, "skep-worker: %s\n", shown);
    return EXIT_USAGE;
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
        code = agent_command_check(&conf, argv + next, &e) == OK ? agent_run(&conf, argv + next) : refuse(&e);
    arena_clear(&arena);
    return code;
}
