/* mailbox.h - what callers leave for the library's thread, and what it shows them: the latest value of everything, so
 * it cannot overflow. Any thread puts, one takes. The mutex is held for copies only, never over a call that could wait.
 */
#ifndef SKEP_MAILBOX_H
#define SKEP_MAILBOX_H

#include <pthread.h>

#include "skep/worker.h"
#include "worker.h"

typedef enum skep_work verify_function(void *user, uint32_t left_ms);

struct mailbox {
    pthread_mutex_t mutex;
    int wake_fd; /* an eventfd, readable when there is urgent mail or somebody else woke the thread */
    struct facts facts;
    struct worker_input mail; /* what waits for the thread; its facts are these, once they have changed */

    /* for the callers */
    struct worker_view view;
    int serve_fd;   /* an eventfd, readable while `announced` */
    bool announced; /* a verification that mailbox_inquiry has not shown yet */
    uint64_t announced_up_to_id;
    verify_function *verify; /* NULL = none */
    void *verify_user;
};

/* ERR_IO: no descriptor or mutex is to be had. */
enum err mailbox_init(struct mailbox *box);
void mailbox_clear(struct mailbox *box);

/* Between these two the caller alone may read and change box->facts, which is returned, box->mail, the view and the
 * function. `changed`: the facts were; `urgent`: wake the thread for it. */
struct facts *mailbox_open(struct mailbox *box);
void mailbox_close(struct mailbox *box, bool changed, bool urgent);

/* The program's answer to the verifications up to `up_to_id`; another value than those of enum skep_work: unknown. */
void mailbox_found(struct mailbox *box, enum skep_work work, uint64_t up_to_id);

/* Verifications that wait for the program. */
struct inquiry {
    uint64_t up_to_id;
    ms_t answer_by; /* of the first of them */
    verify_function *verify;
    void *user;
};

/* False: none waits. */
bool mailbox_inquiry(struct mailbox *box, struct inquiry *ret);

/* From the library's thread: what callers may see. */
void mailbox_show(struct mailbox *box, const struct worker_view *view);

/* Moves everything out, and forgets the wake-ups so far. Facts that have changed go into *ret_facts. */
void mailbox_take(struct mailbox *box, struct worker_input *ret, struct facts *ret_facts);

#endif
