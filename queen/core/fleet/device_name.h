/* device_name.h - the name of another system's device as an id, so that no two names share one. Pure.
 *
 * Letters, digits, `_` and `-` stand for themselves, any other byte is `.` and two hexadecimal digits: `Living
 * Room/lamp` is `Living.20Room.2Flamp`. An id begins with a letter or digit, so `x.` goes before any other beginning:
 * `_lamp` is `x._lamp`. What stands behind `.` in a name is always a digit or capital, so this is none. */
#ifndef SKEP_DEVICE_NAME_H
#define SKEP_DEVICE_NAME_H

#include "name.h"

/* ERR_ID: it has no id, with the reason: it is empty, no UTF-8, has control characters, or its id would be longer than
 * NAME_MAX_LEN. */
enum err device_name_to_id(struct text name, char ret[NAME_SIZE], struct errbuf *e);

#endif
