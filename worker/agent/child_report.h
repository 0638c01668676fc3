/* child_report.h - what the fleet is told of a running child: what it says itself over its NOTIFY_SOCKET, and what a
 * look at /proc shows every 5 s. */
#ifndef SKEP_CHILD_REPORT_H
#define SKEP_CHILD_REPORT_H

#include "agent.h"

struct child_report;

/* Makes the socket, before the child is started. ERR_IO, ERR_NOMEM with a sentence. */
enum err child_report_new(struct agent *agent, struct child_report **ret, struct errbuf *e);
void child_report_free(struct child_report *report);

const char *child_report_socket(const struct child_report *report);

/* The child runs and the worker is open: looks for the first time. */
void child_report_start(struct child_report *report);

/* As struct source has it. */
enum skep_work child_report_verify(struct child_report *report, bool is_first, uint32_t left_ms);

#endif
