/* mailbox.h - what callers leave for the library's thread: the latest value of everything, so it cannot overflow. Any
 * thread puts, one takes. The mutex is held for copies only, never over a call that could wait. */
#ifndef SKEP_MAILBOX_H
#define SKEP_MAILBOX_H

#include <pthread.h>

#include "facts.h"

struct mailbox {
    pthread_mutex_t mutex;
    int wake_fd; /* an eventfd, readable when there is urgent mail or somebody else woke the thread */
    struct facts facts;
    bool changed, beat, leave, crashed;
    struct exit_info exit;
    char exit_signal[17];
    ms_t within;
};

struct mail {
    bool changed, beat, leave, crashed;
    struct facts facts; /* if changed */
    struct exit_info exit;
    char exit_signal[17];
    ms_t within;
};

/* ERR_IO: no descriptor or mutex is to be had. */
enum err mailbox_init(struct mailbox *box);
void mailbox_clear(struct mailbox *box);

/* Between these two the caller alone may change box->facts. `urgent`: wake the thread for it. */
struct facts *mailbox_open(struct mailbox *box);
void mailbox_close(struct mailbox *box, bool changed, bool urgent);

void mailbox_beat(struct mailbox *box);

/* The last mail; `exit` as in worker_input, borrowed during the call. */
void mailbox_leave(struct mailbox *box, const struct exit_info *exit, ms_t within);

/* Moves everything out, and forgets the wake-ups so far. */
void mailbox_take(struct mailbox *box, struct mail *ret);

#endif
