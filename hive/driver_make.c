#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "entropy.h"
#include "hive_driver_parts.h"
#include "keyed_hash.h"
#include "topic.h"

#define HTTP_BODY_MAX 1024 /* nothing here takes one */
#define HTTP_CONNECTIONS 100
#define KEEP_ALIVE_MS 10000

static enum err make_httpd(struct hive_driver *driver, const struct httpd_handlers *handlers, struct errbuf *e)
{
    struct httpd_options options = { .address = driver->conf->http,
                                     .body_limit = HTTP_BODY_MAX,
                                     .connections = HTTP_CONNECTIONS,
                                     .connections_per_address = HTTP_CONNECTIONS,
                                     .local_names_only = !driver->conf->token_file };
    enum err err = httpd_new(driver->loop, &options, handlers, driver, &driver->httpd, e);
    return err == OK ? OK : err_set(e, err, "--http: %s", e->text);
}

static bool is_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* Where others ask: an address that stands for all of this machine's is named by the machine. */
static void name_endpoint(struct hive_driver *driver)
{
    struct address address = { 0 };
    const char *host;
    (void)address_parse(text_of(driver->conf->http), 0, &address, NULL); /* the server is listening there */
    host = is_any(address.host) ? driver->conf->host : address.host;
    snprintf(driver->endpoint, sizeof driver->endpoint, strchr(host, ':') ? "http://[%s]:%d" : "http://%s:%d", host,
             httpd_port(driver->httpd));
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
    if (hive_new(&options, driver->now, driver->wall, &driver->hive) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    return OK;
}

static enum err make_link(struct hive_driver *driver, const struct broker_link_events *events, struct errbuf *e)
{
    char address[ADDRESS_SIZE], client_id[CLIENT_ID_SIZE];
    uint32_t random;
    entropy_need(&random, sizeof random);
    address_hive(driver->conf->id, address);
    client_id_of(driver->conf->common.root, address, random, client_id);
    return broker_link_new(driver->loop, &driver->conf->common, client_id, KEEP_ALIVE_MS, events, driver, &driver->link,
                           e);
}

enum err hive_driver_make(struct hive_driver *driver, const struct broker_link_events *link_events,
                          const struct httpd_handlers *handlers, struct errbuf *e)
{
    enum err err = loop_new(&driver->loop, e);
    if (err == OK)
        err = agents_new(driver->loop, &hive_driver_agents_events, driver, &driver->agents, e);
    if (err == OK && driver->conf->state_dir)
        err = state_dir_open(driver->conf->state_dir, &driver->state, e);
    if (err == OK)
        err = make_httpd(driver, handlers, e);
    if (err == OK)
        err = make_core(driver, e);
    return err == OK ? make_link(driver, link_events, e) : err;
}

void hive_driver_replace_conf(struct hive_driver *driver, struct hive_conf *fresh)
{
    if (driver->current != driver->conf) {
        hive_conf_clear(driver->current);
        free(driver->current);
    }
    driver->current = fresh;
}

void hive_driver_unmake(struct hive_driver *driver)
{
    httpd_free(driver->httpd);
    broker_link_free(driver->link);
    agents_free(driver->agents);
    loop_timer_free(driver->tick);
    loop_free(driver->loop);
    hive_free(driver->hive);
    state_dir_free(driver->state);
    outbox_clear(&driver->outbox);
    hive_driver_replace_conf(driver, driver->conf);
}
