/* neighbours.h - R14: the workers beside a lost one, in the same group, that are asked whether they are still there.
 * Questions to them have numbers, as those to a hive (inquiry.h): one at a time is out, to a few of them. */
#ifndef SKEP_NEIGHBOURS_H
#define SKEP_NEIGHBOURS_H

#include "inquiry.h"
#include "requester.h"
#include "share.h"

#define NEIGHBOURS_FIRST 4 /* that are asked */
#define NEIGHBOURS_MORE 16 /* ... at once, while nobody answers */

struct neighbour {
    struct pending pending; /* its subject is this neighbour */
    struct neighbours *of;
    struct record *record; /* NULL: not asked, or it has come to an end */
};

/* Of one share, while somebody waits for them. */
struct neighbours {
    struct neighbours *prev, *next; /* in the list of those that are marked; utlist */
    bool marked;
    struct share *share;
    struct inquiry inquiry;
    bool asking;  /* a question is out ... */
    bool stands;  /* ... and somebody has answered */
    unsigned out; /* ... so many have not */
    struct neighbour asked[NEIGHBOURS_MORE];
};

/* Those of the share, made if need be. NULL: no memory. */
struct neighbours *neighbours_open(struct share *share);

/* Frees them, if nobody waits and none is asked. */
void neighbours_close(struct neighbours **marked, struct neighbours *neighbours);

/* Something that is waited for may have come. */
void neighbours_mark(struct neighbours **marked, struct neighbours *neighbours);
void neighbours_unmark(struct neighbours **marked, struct neighbours *neighbours);

#endif
