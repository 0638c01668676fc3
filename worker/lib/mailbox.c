#include "mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

enum err mailbox_init(struct mailbox *box)
{
    *box = (struct mailbox){ .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    if (box->wake_fd < 0)
        return ERR_IO;
    if (pthread_mutex_init(&box->mutex, NULL) != 0) {
        close(box->wake_fd);
        return ERR_IO;
    }
    facts_init(&box->facts);
    return OK;
}

void mailbox_clear(struct mailbox *box)
{
    pthread_mutex_destroy(&box->mutex);
    close(box->wake_fd);
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
    box->changed |= changed;
    pthread_mutex_unlock(&box->mutex);
    if (changed && urgent)
        wake(box);
}

void mailbox_beat(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    box->beat = true;
    pthread_mutex_unlock(&box->mutex);
    wake(box);
}

void mailbox_leave(struct mailbox *box, const struct exit_info *exit, ms_t within)
{
    pthread_mutex_lock(&box->mutex);
    box->leave = true;
    box->crashed = exit != NULL;
    box->within = within;
    if (exit) {
        box->exit = *exit;
        if (exit->signal)
            strncpy(box->exit_signal, exit->signal, sizeof box->exit_signal - 1);
    }
    pthread_mutex_unlock(&box->mutex);
    wake(box);
}

void mailbox_take(struct mailbox *box, struct mail *ret)
{
    eventfd_t count;

    (void)!eventfd_read(box->wake_fd, &count);
    pthread_mutex_lock(&box->mutex);
    ret->changed = box->changed;
    if (box->changed)
        ret->facts = box->facts;
    ret->beat = box->beat;
    ret->leave = box->leave;
    ret->crashed = box->crashed;
    ret->within = box->within;
    ret->exit = box->exit;
    memcpy(ret->exit_signal, box->exit_signal, sizeof ret->exit_signal);
    ret->exit.signal = ret->exit_signal[0] ? ret->exit_signal : NULL;
    box->changed = box->beat = box->leave = false;
    pthread_mutex_unlock(&box->mutex);
}
