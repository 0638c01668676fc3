#include "mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "fd.h"

enum err mailbox_init(struct mailbox *box)
{
    *box = (struct mailbox){ .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                             .serve_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    if (box->wake_fd < 0 || box->serve_fd < 0 || pthread_mutex_init(&box->mutex, NULL) != 0) {
        fd_close(box->wake_fd);
        fd_close(box->serve_fd);
        return ERR_IO;
    }
    facts_init(&box->facts);
    return OK;
}

void mailbox_clear(struct mailbox *box)
{
    pthread_mutex_destroy(&box->mutex);
    fd_close(box->wake_fd);
    fd_close(box->serve_fd);
}

/* Fails only when the counter is full, and then the descriptor is readable anyway. */
static void wake(const struct mailbox *box)
{
    (void)!eventfd_write(box->wake_fd, 1);
}

struct facts *mailbox_open(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    return &box->facts;
}

void mailbox_close(struct mailbox *box, bool changed, bool urgent)
{
    if (changed)
        box->mail.facts = &box->facts;
    urgent |= changed && box->view.verification != 0; /* it could be the step that is waited for */
    pthread_mutex_unlock(&box->mutex);
    if (urgent)
        wake(box);
}

/* A later answer goes for the earlier verifications too, and an earlier one that comes late for none. */
void mailbox_found(struct mailbox *box, enum skep_work work, uint64_t up_to_id)
{
    pthread_mutex_lock(&box->mutex);
    if (!box->mail.found || up_to_id >= box->mail.up_to_id) {
        box->mail.found = true;
        box->mail.work = work == SKEP_WORK_STALLED || work == SKEP_WORK_OK ? work : SKEP_WORK_UNKNOWN;
        box->mail.up_to_id = up_to_id;
    }
    if (box->view.verification <= up_to_id)
        box->view.verification = 0;
    pthread_mutex_unlock(&box->mutex);
    wake(box);
}

bool mailbox_inquiry(struct mailbox *box, struct inquiry *ret)
{
    eventfd_t count;
    pthread_mutex_lock(&box->mutex);
    if (box->announced)
        (void)!eventfd_read(box->serve_fd, &count);
    box->announced = false;
    *ret = (struct inquiry){ .up_to_id = box->view.verification,
                             .answer_by = box->view.answer_by,
                             .verify = box->verify,
                             .user = box->verify_user };
    pthread_mutex_unlock(&box->mutex);
    return ret->up_to_id != 0;
}

/* Facts that came in while nobody knew that they were waited for are fetched now. */
static void announce(struct mailbox *box)
{
    box->announced_up_to_id = box->view.verification;
    if (!box->announced)
        (void)!eventfd_write(box->serve_fd, 1);
    box->announced = true;
    if (box->mail.facts)
        wake(box);
}

void mailbox_show(struct mailbox *box, const struct worker_view *view)
{
    pthread_mutex_lock(&box->mutex);
    box->view = *view;
    if (box->mail.found && view->verification <= box->mail.up_to_id)
        box->view.verification = 0; /* its answer is on the way */
    if (box->view.verification > box->announced_up_to_id)
        announce(box);
    pthread_mutex_unlock(&box->mutex);
}

void mailbox_take(struct mailbox *box, struct worker_input *ret, struct facts *ret_facts)
{
    eventfd_t count;
    (void)!eventfd_read(box->wake_fd, &count);
    pthread_mutex_lock(&box->mutex);
    *ret = box->mail;
    if (ret->facts) {
        *ret_facts = box->facts;
        ret->facts = ret_facts;
    }
    box->mail = (struct worker_input){ 0 };
    pthread_mutex_unlock(&box->mutex);
}
