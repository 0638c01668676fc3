/* service_parts.h - what the files of service share; for them alone. */
#ifndef SKEP_SERVICE_PARTS_H
#define SKEP_SERVICE_PARTS_H

#include "service.h"

/* Reads the program's section of an INI file into `conf`. Unknown and repeated sections and keys are refused. */
enum err service_file_read(const struct service *service, struct conf *conf, const char *path, struct errbuf *e);

/* --help: usage, examples, the program's options, the common ones, exit codes. `width` in columns. */
void service_help(const struct service *service, int width, struct buf *ret);

#endif
