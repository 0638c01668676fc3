/* state_text.h - what a hive writes down of an agent, so that its successor can adopt it; and of one whose job has
 * ended, so that its successor does not start it again. Pure.
 *
 *     skep-agent 1 BOOT-ID PID STARTED SESSION FINGERPRINT WALL RESTARTS
 *     skep-exit 1 ENDED CODE SIGNAL OOM PID SESSION FINGERPRINT WALL RESTARTS   (-1 is unknown, - no signal)
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

    bool is_over; /* its job is: what follows is known, and boot_id and `started` mean nothing */
    ms_t ended_at;
    int code;                      /* -1 = unknown */
    char signal[SIGNAL_NAME_SIZE]; /* "" = none */
    int oom;                       /* as in exit_status.h */
};

void state_text_write(const struct agent_record *record, struct buf *ret);

/* ERR_SYNTAX: a hive has not written this. *ret is untouched on failure. */
enum err state_text_read(struct text text, struct agent_record *ret);

/* What is left of a record that was not yet on the disk when the machine went down: nothing, or zeros. */
bool state_text_is_lost(struct text text);

#endif
