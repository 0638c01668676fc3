#include <stdio.h>

#include "inifile.h"
#include "service_parts.h"

#define LABEL_SIZE 256

struct reading {
    const struct service *service;
    struct conf *conf;
    const char *path;
    int section_line;                /* where the section began; 0 = not yet */
    int key_lines[CONF_OPTIONS_MAX]; /* where the option of each row was given; 0 = not yet */
};

/* What the program reads by itself. */
static enum err foreign_take(struct reading *reading, const char *section, const char *key, const char *value, int line,
                             struct errbuf *e)
{
    enum err err = reading->service->section_key(reading->conf->target, section, key, value, line, e);
    return err != OK ? err_set(e, err, "%s:%d: %s", reading->path, line, e->text) : OK;
}

static bool is_foreign(const struct service *service, const char *section)
{
    return service->owns_section && service->owns_section(section);
}

static enum err section_take(struct reading *reading, const char *section, int line, struct errbuf *e)
{
    const struct service *service = reading->service;
    if (strcmp(section, service->section) != 0)
        return err_set(e, ERR_UNKNOWN, "%s:%d: unknown section [%s]: must be [%s]%s%s", reading->path, line, section,
                       service->section, service->other_sections ? ", " : "",
                       service->other_sections ? service->other_sections : "");
    if (reading->section_line)
        return err_set(e, ERR_DUPLICATE, "%s:%d: section [%s] repeated: it began at line %d", reading->path, line,
                       section, reading->section_line);
    reading->section_line = line;
    return OK;
}

/* The row of an option over all tables, or NULL if there is none. */
static int *key_line(struct reading *reading, const char *key)
{
    int *row = reading->key_lines;
    for (const struct conf_option *const *table = reading->conf->tables; *table; table++)
        for (const struct conf_option *option = *table; option->name; option++, row++)
            if (strcmp(option->name, key) == 0)
                return row;
    return NULL;
}

static enum err key_take(void *user, const char *section, const char *key, const char *value, int line,
                         struct errbuf *e)
{
    struct reading *reading = user;
    char label[LABEL_SIZE];
    int *given;
    if (is_foreign(reading->service, section))
        return foreign_take(reading, section, key, value, line, e);
    if (!key)
        return section_take(reading, section, line, e);
    snprintf(label, sizeof label, "%s:%d: %s", reading->path, line, key);
    if (!reading->section_line)
        return err_set(e, ERR_UNKNOWN, "%s: must come after the line [%s]", label, reading->service->section);
    given = key_line(reading, key);
    if (given && *given)
        return err_set(e, ERR_DUPLICATE, "%s: repeated: first given at line %d", label, *given);
    if (given)
        *given = line;
    return conf_set(reading->conf, text_of(key), text_of(value), CONF_FROM_FILE, label, e);
}

enum err service_file_read(const struct service *service, struct conf *conf, const char *path, struct errbuf *e)
{
    struct reading reading = { .service = service, .conf = conf, .path = path };
    return inifile_parse_file(path, key_take, &reading, e);
}
