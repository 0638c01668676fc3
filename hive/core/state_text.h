/* state_text.h - what a hive writes down of an agent that runs, so that its successor can adopt it. Pure.
 *
 *     skep-agent 1 BOOT-ID PID STARTED SESSION FINGERPRINT WALL RESTARTS
 *
 * A pid means something only while the machine has not been started anew. */
#ifndef SKEP_STATE_TEXT_H
#define SKEP_STATE_TEXT_H

#include "buf.h"
#include "process.h"

#define BOOT_ID_SIZE 64

struct agent_record {
    char boot_id[BOOT_ID_SIZE]; /* of the machine's present run */
    struct process_birth birth;
    uint64_t started; /* in the kernel's terms (proc.h): with the pid it names a process */
    uint64_t fingerprint;
};

void state_text_write(const struct agent_record *record, struct buf *ret);

/* ERR_SYNTAX: a hive has not written this. *ret is untouched on failure. */
enum err state_text_read(struct text text, struct agent_record *ret);

/* What is left of a record that was not yet on the disk when the machine went down: nothing, or zeros. */
bool state_text_is_lost(struct text text);

#endif
