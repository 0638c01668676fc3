/* inifile.h - INI files over libinih, with what libinih cuts or joins in silence refused: lines over 190 bytes, ` ;`
 * within a value, section names over 49 bytes, control characters, text behind a section. Indentation means nothing.
 *
 * (Not `ini`: that name and its functions are libinih's.) */
#ifndef SKEP_INIFILE_H
#define SKEP_INIFILE_H

#include "err.h"
#include "text.h"

#define INIFILE_MAX (1024 * 1024)
#define INIFILE_LINE_MAX 190
#define INIFILE_SECTION_MAX 49

/* Called in order for each section (`key` and `value` are NULL) and for each key; `section` is "" before the first one.
 * Unknown and repeated names are for the callee to refuse. An error ends the reading and is handed on. `line` counts
 * from 1; the strings are borrowed during the call. */
typedef enum err inifile_key(void *user, const char *section, const char *key, const char *value, int line,
                             struct errbuf *e);

/* Parses text; `name` (a path) is for sentences: "queen.ini:3: ...". Pure. ERR_SYNTAX, ERR_UTF8, ERR_TOO_LARGE. */
enum err inifile_parse_text(struct text text, const char *name, inifile_key *fn, void *user, struct errbuf *e);

/* Reads a file of at most INIFILE_MAX bytes and parses it. ERR_NOT_FOUND, ERR_IO, ERR_NOMEM and those above. */
enum err inifile_parse_file(const char *path, inifile_key *fn, void *user, struct errbuf *e);

#endif
