#include "driver_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "entropy.h"
#include "keyed_hash.h"
#include "routes.h"

#define HTTP_CONNECTIONS 1000
#define HTTP_CONNECTIONS_PER_ADDRESS 250
#define HTTP_LOOPBACK_SPARE 16 /* health checks of this machine get through when others take all */

_Static_assert(HTTP_ASKS_RUNNING >= VERIFY_RUNNING + HIVE_POLLS_RUNNING, "each may send a request over HTTP");

static enum err make_core(struct driver *driver, struct errbuf *e)
{
    const struct queen_conf *conf = driver->conf;
    static char host[256];
    enum err err;
    struct queen_options options = { .root = conf->common.root,
                                     .id = conf->id,
                                     .host = host,
                                     .version = SKEP_VERSION,
                                     .pid = (uint32_t)getpid(),
                                     .keep_alive = conf->keep_alive,
                                     .stale_after = conf->stale_after,
                                     .confirm_wait = conf->confirm_wait,
                                     .return_grace = conf->return_grace,
                                     .verify_timeout = conf->verify_timeout,
                                     .max_workers = (size_t)conf->max_workers,
                                     .max_document_bytes = (size_t)conf->max_state,
                                     .token = conf->token,
                                     .verify_http = conf->may_ask.count > 0,
                                     .expect = conf->expect ? buf_text(&conf->expected) : (struct text){ 0 } };
    (void)gethostname(host, sizeof host - 1);
    entropy_need(&options.session, sizeof options.session);
    entropy_need(&options.secret, sizeof options.secret);
    keyed_hash_seed(siphash_derive(&options.secret, "hash tables"));
    err = queen_new(&options, driver->now, driver->wall, &driver->queen, e);
    if (err == ERR_ID || err == ERR_FULL)
        return err_set(e, err, "--expect %s: %s", conf->expect, e->text);
    return err;
}

static enum err make_link(struct driver *driver, const struct broker_link_events *events, struct errbuf *e)
{
    char address[ADDRESS_SIZE], client_id[CLIENT_ID_SIZE];
    uint32_t random;
    entropy_need(&random, sizeof random);
    address_queen(driver->conf->id, address);
    client_id_of(driver->conf->common.root, address, random, client_id);
    return broker_link_new(driver->loop, &driver->conf->common, client_id, driver->conf->keep_alive, events, driver,
                           &driver->link, e);
}

static enum err make_httpd(struct driver *driver, const struct httpd_handlers *handlers, struct errbuf *e)
{
    struct httpd_options options = { .address = driver->conf->http,
                                     .body_limit = ROUTES_BODY_MAX,
                                     .connections = HTTP_CONNECTIONS,
                                     .connections_per_address = HTTP_CONNECTIONS_PER_ADDRESS,
                                     .loopback_spare = HTTP_LOOPBACK_SPARE,
                                     .local_names_only = !driver->conf->token_file };
    enum err err = httpd_new(driver->loop, &options, handlers, driver, &driver->httpd, e);
    return err == OK ? OK : err_set(e, err, "--http: %s", e->text);
}

enum err driver_make(struct driver *driver, const struct broker_link_events *link_events,
                     const struct httpd_handlers *handlers, struct errbuf *e)
{
    enum err err;
    if ((err = loop_new(&driver->loop, e)) != OK || (err = make_core(driver, e)) != OK ||
        (err = make_link(driver, link_events, e)) != OK || (err = make_httpd(driver, handlers, e)) != OK)
        return err;
    return driver->conf->on_event ? on_event_new(driver->loop, driver->conf->on_event, &driver->on_event) : OK;
}

void driver_unmake(struct driver *driver)
{
    httpd_free(driver->httpd);
    on_event_free(driver->on_event);
    http_asks_free(driver->asks);
    broker_link_free(driver->link);
    loop_timer_free(driver->tick);
    loop_free(driver->loop);
    queen_free(driver->queen);
    outbox_clear(&driver->outbox);
}
