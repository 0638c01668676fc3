/* describe_text.h - everything about one worker, for people, laid out as `systemctl status` does. Pure. */
#ifndef SKEP_CLI_DESCRIBE_TEXT_H
#define SKEP_CLI_DESCRIBE_TEXT_H

#include "buf.h"

struct cJSON;

/* How far what goes on in a next line is indented: to the texts behind the labels. */
#define DESCRIBE_INDENT 14

/* `worker` is the queen's document of one worker or hive, with `evidence` and `incident`. */
void describe_text_add(struct buf *ret, const struct cJSON *worker, bool colour);

#endif
