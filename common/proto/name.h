/* name.h - ids: [A-Za-z0-9][A-Za-z0-9._-]{0,63}. Everything that names a worker, hive, queen, status or method. */
#ifndef SKEP_NAME_H
#define SKEP_NAME_H

#include "text.h"

#define NAME_MAX_LEN 64
#define NAME_SIZE (NAME_MAX_LEN + 1)

/* OK for what text_is_id accepts; else why it is not valid, naming it and the rule; for what people type. ERR_ID. */
enum err name_check(struct text t, const char *what, struct errbuf *e);

/* The same; a valid one is copied, terminated. */
enum err name_copy(struct text t, const char *what, char ret[NAME_SIZE], struct errbuf *e);

#endif
