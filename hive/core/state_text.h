/* state_text.h - what a hive writes down of the agents that run, so that its successor can adopt them. Pure.
 *
 *     skep-hive 1 BOOT-ID
 *     NAME PID STARTED SESSION FINGERPRINT WALL RESTARTS
 *
 * One line each; pids mean something only while the machine has not been started anew. */
#ifndef SKEP_STATE_TEXT_H
#define SKEP_STATE_TEXT_H

#include "buf.h"
#include "name.h"

#define BOOT_ID_SIZE 64

struct agent_record {
    char worker[NAME_SIZE];
    int64_t pid;
    uint64_t started; /* in the kernel's terms (procfs.h): with the pid it names a process */
    uint64_t session, fingerprint;
    ms_t wall;
    int64_t restarts;
};

void state_text_begin(struct buf *ret, const char *boot_id);
void state_text_add(struct buf *ret, const struct agent_record *record);

/* Reads the first line. ERR_SYNTAX when this is no such text; ERR_STATE when it is of another boot: nothing in it runs.
 * *rest is then what follows. */
enum err state_text_open(struct text *rest, const char *boot_id, struct errbuf *e);

/* The next record; false at the end, or at a line that is none, which is ERR_SYNTAX in *ret_err. */
bool state_text_next(struct text *rest, struct agent_record *ret, enum err *ret_err);

#endif
