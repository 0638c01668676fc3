/* open.h - what a skep_worker is made of, and how it is made. */
#ifndef SKEP_OPEN_H
#define SKEP_OPEN_H

#include "clock.h"
#include "driver.h"

struct skep_worker {
    struct mailbox box;
    struct driver driver;
    struct worker *core;
    pthread_t thread;
    char session[HEX64_SIZE];
};

/* After the thread has ended. */
void skep_worker_free(struct skep_worker *worker);

/* Copies the sentence, cut to fit; NULL `ret` is fine. */
void sentence_copy(const struct errbuf *e, char *ret, size_t size);

#endif
