#include "child_verify.h"

/* The next look may come a little late. */
#define LAST_CHECK (CHILD_VERIFY_EVERY * 3 / 2)

static bool stands_still(char state)
{
    return state == 'T' || state == 't' || state == 'D';
}

enum skep_work child_verify_check(struct child_verify *verify, char state, bool tells, ms_t left)
{
    verify->moved = verify->moved || !stands_still(state);
    if (verify->moved)
        return tells ? SKEP_WORK_LATER : SKEP_WORK_UNKNOWN;
    return left > LAST_CHECK ? SKEP_WORK_LATER : SKEP_WORK_STALLED;
}
