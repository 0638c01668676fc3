/* inspect.h - what the queen's HTTP interface says, as lines of the trace. */
#ifndef SIM_INSPECT_H
#define SIM_INSPECT_H

#include "queen_host.h"

/* `default/w1 suspect (last_will)`, with its flags and, if asked for, when it was last seen. `path`: HIVE/NAME. */
void inspect_worker(struct node *queen, const char *path, bool ages);

/* `hive/h1 down (last_will): 1 online, 3 unreachable`. */
void inspect_hive(struct node *queen, const char *id);

/* How many workers are in which state. */
void inspect_fleet(struct node *queen);
void inspect_health(struct node *queen);

/* A line for each. */
void inspect_incidents(struct node *queen);

/* The state of a worker, or of the hive (`worker` NULL), into `ret`; "" when it is unknown. */
void inspect_state(struct node *queen, const char *hive, const char *worker, char ret[32]);

/* Any request: says its status. */
void inspect_request(struct node *queen, const char *method, const char *path, const char *body);

#endif
