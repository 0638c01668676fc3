/* Prints the fields of a message as a Markdown table: the lists of common/proto/msg_fields.h, which the codec is
 * made from. `field_tables MESSAGE` */
#include <stdio.h>
#include <string.h>

#include "codec.h"

static const struct {
    const char *type, *words;
} types[] = {
    { "ID", "string, an id" },
    { "TOKEN", "string of the id form" },
    { "TEXT", "string" },
    { "HEX64", "string, 16 hex digits" },
    { "TIME", "string, RFC 3339" },
    { "INT", "integer" },
    { "NUMBER", "number" },
    { "BOOL", "boolean" },
    { "PRESENCE", "string" },
    { "DEATH", "string or null" },
    { "GAUGES", "object, string -> number" },
    { "LABELS", "object, string -> string" },
    { "WITNESS", "string" },
    { "HIVE", "string" },
    { "EXIT", "object or null" },
    { "LASTEXIT", "object or null" },
    { "TALLY", "object" },
    { "GPUS", "array of objects" },
    { "INDEXES", "array of integers" },
};

static const char *words_of(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(types[i].type, type) == 0)
            return types[i].words;
    return type;
}

static void print_limits(const struct field_info *field)
{
    if (strcmp(field->type, "INT") == 0 && field->high >= 9007199254740992.0)
        printf(" >= %.0f", field->low);
    else if (strcmp(field->type, "INT") == 0 || (strcmp(field->type, "NUMBER") == 0 && field->high <= 1))
        printf(" %.0f..%.0f", field->low, field->high);
    else if (strcmp(field->type, "NUMBER") == 0)
        printf(" >= %.0f", field->low);
    else if (strcmp(field->type, "TEXT") == 0)
        printf(", up to %.0f bytes", field->high);
}

static const struct {
    const char *name;
    const struct field_info *fields;
} tables[] = {
    { "heartbeat", heartbeat_field_info }, { "presence", presence_field_info },
    { "exit", exit_info_field_info },      { "witness", witness_field_info },
    { "last_exit", last_exit_field_info }, { "hive_heartbeat", hive_heartbeat_field_info },
    { "tally", worker_tally_field_info },  { "gpu", gpu_field_info },
};

static const struct field_info *table_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        if (strcmp(tables[i].name, name) == 0)
            return tables[i].fields;
    return NULL;
}

int main(int argc, char **argv)
{
    const struct field_info *field = table_of(argc == 2 ? argv[1] : "");
    if (!field) {
        fprintf(stderr, "usage: field_tables MESSAGE\n");
        return 2;
    }
    printf("| field | type | meaning |\n|---|---|---|\n");
    for (; field->name; field++) {
        printf("| `%s` | %s", field->name, words_of(field->type));
        print_limits(field);
        printf("%s | %s |\n", field->required ? ", **required**" : "", field->doc);
    }
    return 0;
}
