/* trust.h - whether a folder or file that is trusted may be: the one check of owner, mode and links. It examines what
 * is open, not what a path names at some other time. Whoever could write there could have commands run, processes ended
 * and files overwritten in the name of this process's user. Any thread. */
#ifndef SKEP_TRUST_H
#define SKEP_TRUST_H

#include "err.h"

enum trust {
    TRUST_GIVEN,    /* this process only reads it: its user's or root's, and nobody else may write it */
    TRUST_OWN,      /* this process writes it: its user's, nobody else may write it, and a file has no other name */
    TRUST_MENDABLE, /* the same, but its group may write it, too: OK leaves a sentence, for whoever takes away that
                       right and does not believe what is there */
    TRUST_CLOSED,   /* as TRUST_OWN, and nobody else may read it */
};

/* ERR_REFUSED, ERR_IO, with a sentence that names `path`, whose it is, who we are, and the command that mends it. */
enum err trust_check(int fd, enum trust trust, const char *path, struct errbuf *e);

/* Opens a folder that is no link, made if need be (mode 0700; not its parents): all but TRUST_GIVEN. The caller
 * closes *ret_fd. ERR_REFUSED, ERR_IO, with a sentence. */
enum err trust_folder(const char *path, enum trust trust, int *ret_fd, struct errbuf *e);

/* The same without making it: *ret_fd is -1 where there is none, and one could be made. */
enum err trust_folder_find(const char *path, enum trust trust, int *ret_fd, struct errbuf *e);

/* Opens a regular file in such a folder: the last part of `path`, of which sentences have all. With `flags` of open(2)
 * and mode 0600; follows no link; one that may be older is cut when it has been checked, not by O_TRUNC. TRUST_OWN or
 * TRUST_MENDABLE. The caller closes *ret_fd. ERR_NOT_FOUND, ERR_REFUSED, ERR_IO, with a sentence. */
enum err trust_file(int folder, const char *path, enum trust trust, int flags, int *ret_fd, struct errbuf *e);

#endif
