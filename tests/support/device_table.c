#include "device_table.h"

#include <stdio.h>

static enum err take_line(struct devices *devices, struct text text, char section[80], int line, struct errbuf *e)
{
    char key_text[32], value_text[512];
    struct text value = text, key;
    enum err err;
    if (text.len == 0)
        return OK;
    if (text.at[0] == '[') {
        snprintf(section, 80, "%.*s", (int)text.len - 2, text.at + 1);
        err = devices_key(devices, section, NULL, NULL, line, e);
    } else {
        key = text_trim(text_split(&value, '='));
        value = text_trim(value);
        snprintf(key_text, sizeof key_text, "%.*s", (int)key.len, key.at);
        snprintf(value_text, sizeof value_text, "%.*s", (int)value.len, value.at);
        err = devices_key(devices, section, key_text, value_text, line, e);
    }
    return err == OK ? OK : err_set(e, err, "devices.ini:%d: %s", line, e->text);
}

enum err device_table_read(const char *text, const char *root, struct devices *ret, struct errbuf *e)
{
    struct text rest = text_of(text);
    struct errbuf unread = { 0 };
    char section[80] = "";
    enum err err = OK;
    e = e ? e : &unread;
    devices_init(ret, root);
    for (int line = 1; rest.at && err == OK; line++)
        err = take_line(ret, text_split(&rest, '\n'), section, line, e);
    return err == OK ? devices_finish(ret, "devices.ini", e) : err;
}

static bool is_plain(char c)
{
    return text_consists_of((struct text){ &c, 1 }, "_-");
}

/* 0 to 15; -1: no digit, or a small letter. */
static int digit_of(char c)
{
    return c >= 'a' && c <= 'f' ? -1 : text_hex_digit(c);
}

bool device_table_name_of(struct text id, char ret[DEVICE_TABLE_NAME_SIZE])
{
    size_t len = 0;
    if (!text_is_id(id))
        return false;
    if (id.len > 2 && id.at[0] == 'x' && id.at[1] == '.' && digit_of(id.at[2]) < 0)
        (void)text_skip(&id, TEXT("x."));
    for (size_t i = 0; i < id.len; i++) {
        bool is_escape = id.at[i] == '.';
        if (is_escape && (i + 2 >= id.len || digit_of(id.at[i + 1]) < 0 || digit_of(id.at[i + 2]) < 0))
            return false;
        if (!is_escape && !is_plain(id.at[i]))
            return false;
        ret[len++] = is_escape ? (char)(digit_of(id.at[i + 1]) << 4 | digit_of(id.at[i + 2])) : id.at[i];
        i += is_escape ? 2 : 0;
    }
    ret[len] = '\0';
    return true;
}
