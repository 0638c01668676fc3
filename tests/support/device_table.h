/* device_table.h - a table of devices from the text of a devices.ini, without the reader of files. */
#ifndef TEST_DEVICE_TABLE_H
#define TEST_DEVICE_TABLE_H

#include "devices.h"

/* Lines of `[section]` and `key = value`; ends at the first error. `e` may be NULL. The caller clears *ret, also then.
 */
enum err device_table_read(const char *text, const char *root, struct devices *ret, struct errbuf *e);

/* The name that an id of a device stands for (device_name.h), terminated. False: it is the id of none. */
#define DEVICE_TABLE_NAME_SIZE 65
bool device_table_name_of(struct text id, char ret[DEVICE_TABLE_NAME_SIZE]);

#endif
