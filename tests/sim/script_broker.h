/* script_broker.h - the commands of a script that are about brokers: see script.h. */
#ifndef SIM_SCRIPT_BROKER_H
#define SIM_SCRIPT_BROKER_H

#include "words.h"
#include "world.h"

#define SCRIPT_BROKER_VERBS                                                                                            \
    "stop|kill|start|save|queue=BYTES|queue-messages=N|retained-limit=N|loses-subacks=N|counts-every=TIME|expiry-cap=" \
    "S|duplicates=%|reorders=%"

enum err script_edge(struct world *world, const struct words *words, struct errbuf *e);
enum err script_cluster(struct world *world, const struct words *words, struct errbuf *e);
enum err script_node(struct world *world, const struct words *words, struct errbuf *e);
enum err script_broker(struct world *world, const struct words *words, struct errbuf *e);
enum err script_lose(struct world *world, const struct words *words, struct errbuf *e);
enum err script_retained(struct world *world, const struct words *words, struct errbuf *e);

#endif
