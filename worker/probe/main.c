/* skep-probe - how an inference engine does, as lines that skep-worker --stdin takes. */
#include <signal.h>
#include <stdio.h>

#include <curl/curl.h>

#include "inherited.h"
#include "log.h"
#include "probe_exec.h"
#include "probe_http.h"
#include "secret.h"

static int run(const struct probe_conf *conf)
{
    struct lines lines = { .interval = conf->interval, .every = conf->every };
    struct errbuf e = { 0 };
    int code = conf->source.command ? probe_exec_run(conf, &lines, &e) : probe_http_run(conf, &lines, &e);
    if (e.text[0])
        log_at(LOG_ERROR, e.text, NULL);
    lines_clear(&lines);
    return code;
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct probe_conf conf = { .argv = argv, .arena = &arena };
    int code;
    inherited_settle();
    (void)signal(SIGPIPE, SIG_IGN); /* who reads no more is an error of writing */
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        fprintf(stderr, "skep-probe: libcurl cannot be set up\n");
        return EXIT_FAILED;
    }
    code = service_configure(&probe_service, argc, argv, &conf, &arena, probe_conf_check, &conf.next);
    if (code < 0)
        code = run(&conf);
    secret_free(conf.api_key);
    curl_global_cleanup();
    arena_clear(&arena);
    return code;
}
