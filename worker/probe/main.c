/* skep-probe - how an inference engine does, as lines that skep-worker --stdin takes. */
#include <stdio.h>

#include <curl/curl.h>

#include "inherited.h"
#include "log.h"
#include "probe_exec.h"
#include "probe_http.h"

static int run(const struct probe_conf *conf, const struct probe_source *source)
{
    struct lines lines = { .interval = conf->interval, .every = conf->every };
    struct errbuf e = { 0 };
    int code = source->command ? probe_exec_run(conf, source, &lines, &e) : probe_http_run(conf, source, &lines, &e);
    if (e.text[0])
        log_at(LOG_ERROR, e.text, NULL);
    lines_clear(&lines);
    return code;
}

int main(int argc, char **argv)
{
    struct probe_conf conf;
    struct probe_source source;
    struct arena arena = { 0 };
    struct errbuf e = { 0 };
    enum err err;
    int next, code;
    inherited_settle();
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        fprintf(stderr, "skep-probe: libcurl cannot be set up\n");
        return EXIT_FAILED;
    }
    code = service_configure(&probe_service, argc, argv, &conf, &arena, probe_conf_check, &next);
    if (code < 0 && (err = probe_source_read(&conf, argv + next, &arena, &source, &e)) != OK)
        code = service_refuse(&probe_service, err, &e);
    else if (code < 0)
        code = run(&conf, &source);
    curl_global_cleanup();
    arena_clear(&arena);
    return code;
}
