/* ini.h - INI files over libinih, with what libinih cuts in silence refused: lines over 190 bytes, ` ;` within a value,
 * section names over 49 characters, NUL bytes; and unknown or repeated keys and sections (the caller's part). */
#ifndef SKEP_INI_H
#define SKEP_INI_H

#include "err.h"
#include "text.h"

#define INI_FILE_MAX (1024 * 1024)

/* Called for each key in order; an error ends the reading and is handed on. `line` counts from 1. */
typedef enum err ini_key(void *user, const char *section, const char *key, const char *value, int line,
                         struct errbuf *e);

/* Parses text; `name` (a path) is for sentences: "queen.ini:3: ...". Pure. */
enum err ini_parse_text(struct text text, const char *name, ini_key *fn, void *user, struct errbuf *e);

/* Reads a file of at most INI_FILE_MAX bytes and parses it. ERR_NOT_FOUND, ERR_IO, ERR_TOO_LARGE, ERR_SYNTAX. */
enum err ini_parse_file(const char *path, ini_key *fn, void *user, struct errbuf *e);

#endif
