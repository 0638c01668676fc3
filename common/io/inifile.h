/* inifile.h - INI files: `[section]`, `key = value` (or `:`), and comments. Indentation means nothing, a value goes on
 * to the end of its line, and `;` or `#` begin a comment only where a line begins, so that a value may contain them. */
#ifndef SKEP_INIFILE_H
#define SKEP_INIFILE_H

#include "err.h"
#include "text.h"

#define INIFILE_MAX (4 * 1024 * 1024)
#define INIFILE_LINE_MAX (64 * 1024) /* the command line of an inference engine has some thousand bytes */
#define INIFILE_SECTION_MAX 255

/* Called in order for each section (`key` and `value` are NULL) and for each key; `section` is "" before the first one.
 * Unknown and repeated names are for the callee to refuse. An error ends the reading and is handed on. `line` counts
 * from 1; the strings are borrowed during the call. */
typedef enum err inifile_key(void *user, const char *section, const char *key, const char *value, int line,
                             struct errbuf *e);

/* Parses text; `name` (a path) is for sentences: "queen.ini:3: ...". Control characters are refused. Pure. ERR_SYNTAX,
 * ERR_UTF8, ERR_TOO_LARGE, ERR_NOMEM. */
enum err inifile_parse_text(struct text text, const char *name, inifile_key *fn, void *user, struct errbuf *e);

/* Reads a file of at most INIFILE_MAX bytes and parses it. ERR_NOT_FOUND, ERR_IO and those above. */
enum err inifile_parse_file(const char *path, inifile_key *fn, void *user, struct errbuf *e);

#endif
