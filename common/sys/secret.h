/* secret.h - the one reader of files that hold a password or a token, and the rule for all that are secret. */
#ifndef SKEP_SECRET_H
#define SKEP_SECRET_H

#include "err.h"

/* The file's first line without its end (LF or CRLF); at most 4 KiB; refused when it is
 * neither the user's nor root's, or when others than its owner may write it.
 * The caller frees *ret, with secret_free. ERR_NOT_FOUND, ERR_IO (also: no regular file), ERR_REFUSED (owner,
 * writable), ERR_MISSING (empty), ERR_TOO_LARGE, ERR_SYNTAX (NUL), ERR_NOMEM, with a sentence that names the file and
 * never quotes it. */
enum err secret_read(const char *path, char **ret, struct errbuf *e);

/* Opens a secret file that something else reads, e.g. a key: a regular file of the user or of root that only its owner
 * may write. The caller closes *ret_fd. ERR_NOT_FOUND, ERR_IO, ERR_REFUSED, with a sentence that names it. */
enum err secret_open(const char *path, int *ret_fd, struct errbuf *e);

/* Wipes and frees; NULL is fine. */
void secret_free(char *secret);

#endif
