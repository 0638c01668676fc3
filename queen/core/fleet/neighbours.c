#include "neighbours.h"

#include <stdlib.h>
#include <utlist.h>

struct neighbours *neighbours_open(struct share *share)
{
    struct neighbours *neighbours = share->neighbours;
    if (neighbours || !(neighbours = calloc(1, sizeof *neighbours)))
        return neighbours;
    neighbours->share = share;
    for (size_t i = 0; i < NEIGHBOURS_MORE; i++) {
        neighbours->asked[i].of = neighbours;
        neighbours->asked[i].pending.subject = &neighbours->asked[i];
    }
    share->neighbours = neighbours;
    return neighbours;
}

void neighbours_close(struct neighbours **marked, struct neighbours *neighbours)
{
    if (neighbours->inquiry.waits || neighbours->out > 0)
        return;
    neighbours_unmark(marked, neighbours);
    neighbours->share->neighbours = NULL;
    free(neighbours);
}

void neighbours_mark(struct neighbours **marked, struct neighbours *neighbours)
{
    if (!neighbours->marked)
        DL_APPEND(*marked, neighbours);
    neighbours->marked = true;
}

void neighbours_unmark(struct neighbours **marked, struct neighbours *neighbours)
{
    if (neighbours->marked)
        DL_DELETE(*marked, neighbours);
    neighbours->marked = false;
}
