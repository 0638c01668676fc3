#include "device_name.h"

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool has_control(struct text name)
{
    return text_has_control(name) || (name.len > 0 && memchr(name.at, '\t', name.len));
}

/* The bytes that stand for one; `at` is where they begin. */
static size_t put(char c, char *at)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_alphanumeric(c) || c == '_' || c == '-') {
        at[0] = c;
        return 1;
    }
    at[0] = '.';
    at[1] = digits[(unsigned char)c >> 4];
    at[2] = digits[(unsigned char)c & 0xF];
    return 3;
}

enum err device_name_to_id(struct text name, char ret[NAME_SIZE], struct errbuf *e)
{
    char id[NAME_MAX_LEN + 4];
    size_t len = 0;
    if (name.len == 0)
        return err_set(e, ERR_ID, "the name is empty");
    if (!text_is_utf8(name) || has_control(name))
        return err_set(e, ERR_ID, "the name is not UTF-8, or has control characters");
    if (!is_alphanumeric(name.at[0])) {
        id[len++] = 'x';
        id[len++] = '.';
    }
    for (size_t i = 0; i < name.len && len <= NAME_MAX_LEN; i++)
        len += put(name.at[i], &id[len]);
    if (len > NAME_MAX_LEN)
        return err_set(e, ERR_ID, "the name is too long: its id would have more than %d characters", NAME_MAX_LEN);
    memcpy(ret, id, len);
    ret[len] = '\0';
    return OK;
}
