/* worker_files.h - whether what a worker is started from is there: its directory, and its command as the agent will
 * find it. Reads the file system and starts nothing. */
#ifndef SKEP_HIVE_WORKER_FILES_H
#define SKEP_HIVE_WORKER_FILES_H

#include "roster.h"

/* The command is a path, relative to the worker's directory, or a name in PATH: the worker's own, else this process's.
 * ERR_IO with the sentence, which names what is missing. */
enum err worker_files_check(const struct roster_entry *entry, struct errbuf *e);

#endif
