/* daemon_node.h - the process of a daemon: a node that runs common/daemon over a client at the fake broker, under the
 * clock of the world. */
#ifndef SIM_DAEMON_NODE_H
#define SIM_DAEMON_NODE_H

#include "daemon.h"
#include "topic.h"
#include "words.h"
#include "world.h"

/* A host's struct begins with it. */
struct daemon_node {
    struct node node;
    struct daemon daemon; /* its user is the host */
    char client_id[CLIENT_ID_SIZE];
    unsigned connection; /* counts the CONNECTs of this process that have a will */
    bool is_renewed;     /* the link ends because its core wants another */
    ms_t connect_at;     /* MS_NEVER = not by itself */
    ms_t up_at;
};

/* The daemon's id: option id, by default the node's name. Lives as long as the world. */
const char *daemon_node_id(const struct daemon_node *daemon, const struct words *options);

/* Draws the process's client id, a hive's or a queen's; the other name is NULL. */
void daemon_node_client_id(struct daemon_node *daemon, const char *hive, const char *queen);

/* The process starts, and connects at once. `ops` needs daemon_node_clock. Options: keep-alive (by default as
 * given), reconnect-max (likewise). */
void daemon_node_start(struct daemon_node *daemon, const struct daemon_ops *ops, const struct words *options,
                       ms_t keep_alive, ms_t reconnect_max);

void daemon_node_clock(void *host, ms_t *ret_now, ms_t *ret_wall);

/* SIGTERM, outside of its turns. */
void daemon_node_stop(struct daemon_node *daemon);

/* For the node_kind; a host's `clear` frees its core and calls daemon_node_clear. */
ms_t daemon_node_deadline(const struct node *node);
void daemon_node_turn(struct node *node);
void daemon_node_clear(struct daemon_node *daemon);

#endif
