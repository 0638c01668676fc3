#include <stdio.h>

#include "agent_run.h"
#include "exit_status.h"
#include "inherited.h"
#include "log.h"
#include "start_gate.h"

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
    struct arena arena = { 0 };
    struct errbuf e = { 0 };
    enum err err;
    int next, code;
    inherited_settle();
    code = service_configure(&agent_service, argc, argv, &conf, &arena, agent_conf_check, &next);
    if (code < 0 && (err = agent_command_check(&conf, argv + next, &e)) != OK)
        code = service_refuse(&agent_service, err, &e);
    else if (code < 0)
        code = run(&conf, argv + next);
    arena_clear(&arena);
    return code;
}
