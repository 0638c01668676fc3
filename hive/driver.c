#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "entropy.h"
#include "hive_driver.h"
#include "host_facts.h"
#include "keyed_hash.h"
#include "orders.h"
#include "topic.h"

#define HTTP_BODY_MAX 1024 /* nothing here takes one */
#define HTTP_CONNECTIONS 100
#define KEEP_ALIVE_MS 10000
#define ENDPOINT_SIZE 320

struct hive_driver {
    struct hive_conf *conf;
    int argc;
    char **argv;
    struct hive_conf *current; /* whose roster and [agent] count: `conf`, or, owned, what the last HUP brought */
    struct daemon_loop loop;
    struct orders orders;
    struct hive *hive;
    char endpoint[ENDPOINT_SIZE];
};

/* A heartbeat may follow a tick and a new link: it shows the host as it is then. */
static void step(void *user, const struct input *input, struct outbox *outbox)
{
    struct hive_driver *driver = user;
    struct hive_host host;
    if (input->kind == INPUT_TICK || input->kind == INPUT_LINK_UP) {
        host = host_facts_read();
        hive_set_host(driver->hive, &host);
    }
    hive_step(driver->hive, input, outbox);
}

static ms_t deadline(const void *user)
{
    return hive_deadline(((const struct hive_driver *)user)->hive);
}

static ms_t http(void *user, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                 struct outbox *outbox)
{
    (void)outbox;
    hive_http(((struct hive_driver *)user)->hive, request, now, wall, ret);
    return 0;
}

static bool work(void *user)
{
    return orders_carry_out(&((struct hive_driver *)user)->orders);
}

static enum err reread(const struct hive_driver *driver, struct hive_conf *fresh, struct errbuf *e)
{
    enum err err = hive_conf_init(fresh);
    if (err == OK)
        err = service_reread(&hive_service, driver->argc, driver->argv, fresh, &fresh->arena, hive_conf_check, e);
    if (err == OK && !hive_conf_same(driver->conf, fresh))
        err = err_set(e, ERR_REFUSED, "%s: [hive] cannot change while the hive runs", driver->conf->common.config);
    return err;
}

/* Reads hive.ini again; NULL when it cannot be used, which has been logged. */
static struct hive_conf *read_again(const struct hive_driver *driver)
{
    struct hive_conf *fresh = malloc(sizeof *fresh);
    struct errbuf e = { 0 };
    enum err err = fresh ? reread(driver, fresh, &e) : ERR_NOMEM;
    if (err == OK)
        return fresh;
    log_at(LOG_ERROR, "configuration not reloaded; keeping the old one", "why", e.text[0] ? e.text : err_name(err),
           NULL);
    if (fresh)
        hive_conf_clear(fresh);
    free(fresh);
    return NULL;
}

/* `fresh` is taken. */
static void replace_conf(struct hive_driver *driver, struct hive_conf *fresh)
{
    if (driver->current != driver->conf) {
        hive_conf_clear(driver->current);
        free(driver->current);
    }
    driver->current = fresh;
}

static void serve_roster(struct hive_driver *driver)
{
    driver->orders.conf = driver->current;
    orders_take(&driver->orders, (struct hive_input){ .kind = HIVE_ROSTER, .roster = driver->current->roster });
}

static void reload(void *user)
{
    struct hive_driver *driver = user;
    struct hive_conf *fresh = read_again(driver);
    char count[16];
    if (!fresh)
        return;
    replace_conf(driver, fresh);
    snprintf(count, sizeof count, "%zu", fresh->roster->count);
    log_at(LOG_INFO, "configuration reloaded", "workers", count, NULL);
    serve_roster(driver);
}

static const struct daemon_ops ops = {
    .step = step,
    .deadline = deadline,
    .http = http,
    .work = work,
    .reload = reload,
};

static bool is_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* An address that stands for all of this machine's is named by the machine. */
static void name_endpoint(struct hive_driver *driver)
{
    struct address address = { 0 };
    const char *host;
    (void)address_parse(text_of(driver->conf->http), 0, &address, NULL); /* the server is listening there */
    host = is_any(address.host) ? driver->conf->host : address.host;
    snprintf(driver->endpoint, sizeof driver->endpoint, strchr(host, ':') ? "http://[%s]:%d" : "http://%s:%d", host,
             httpd_port(driver->loop.httpd));
}

static enum err make_core(struct hive_driver *driver, struct errbuf *e)
{
    struct hive_options options = { .root = driver->conf->common.root,
                                    .id = driver->conf->id,
                                    .host = driver->conf->host,
                                    .version = SKEP_VERSION,
                                    .endpoint = driver->endpoint,
                                    .pid = (uint32_t)getpid(),
                                    .keep_alive = KEEP_ALIVE_MS };
    name_endpoint(driver);
    entropy_need(&options.session, sizeof options.session);
    entropy_need(&options.secret, sizeof options.secret);
    keyed_hash_seed(siphash_derive(&options.secret, "hash tables"));
    if (hive_new(&options, driver->loop.daemon.now, driver->loop.daemon.wall, &driver->hive) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    driver->orders.hive = driver->hive;
    return OK;
}

static enum err make(struct hive_driver *driver, struct errbuf *e)
{
    const struct hive_conf *conf = driver->conf;
    struct httpd_options options = { .address = conf->http,
                                     .body_limit = HTTP_BODY_MAX,
                                     .connections = HTTP_CONNECTIONS,
                                     .connections_per_address = HTTP_CONNECTIONS,
                                     .local_names_only = !conf->token_file };
    char address[ADDRESS_SIZE];
    enum err err;
    address_hive(conf->id, address);
    if ((err = daemon_loop_init(&driver->loop, &ops, driver, e)) != OK ||
        (err = orders_init(&driver->orders, &driver->loop, conf->state_dir, e)) != OK ||
        (err = daemon_loop_listen(&driver->loop, &options, e)) != OK || (err = make_core(driver, e)) != OK ||
        (err = daemon_loop_connect(&driver->loop, &conf->common, address, KEEP_ALIVE_MS, e)) != OK)
        return err;
    return orders_adopt(&driver->orders, e);
}

static void unmake(struct hive_driver *driver)
{
    orders_clear(&driver->orders);
    daemon_loop_clear(&driver->loop);
    hive_free(driver->hive);
    replace_conf(driver, driver->conf);
}

static int run(struct hive_driver *driver)
{
    const struct hive_conf *conf = driver->conf;
    char port[16], count[16];
    snprintf(port, sizeof port, "%d", httpd_port(driver->loop.httpd));
    snprintf(count, sizeof count, "%zu", conf->roster->count);
    if (!conf->state_dir)
        log_at(LOG_WARNING, "without --state-dir the next hive does not know these workers if this one is killed",
               NULL);
    log_at(LOG_INFO, "started", "id", conf->id, "http", conf->http, "port", port, "workers", count, NULL);
    serve_roster(driver);
    return daemon_loop_run(&driver->loop);
}

int hive_driver_run(struct hive_conf *conf, int argc, char **argv)
{
    struct hive_driver driver = { .conf = conf, .current = conf, .argc = argc, .argv = argv };
    struct errbuf e = { 0 };
    enum err err;
    int code;
    if ((err = make(&driver, &e)) == OK) {
        code = run(&driver);
    } else {
        log_at(LOG_ERROR, e.text[0] ? e.text : err_name(err), NULL);
        code = err == ERR_CONFLICT ? EXIT_REFUSED : EXIT_FAILED;
    }
    unmake(&driver);
    return code;
}
