#include "topic.h"

#include <stdio.h>

#define CLIENT_MAX 256
#define REQUEST_SUFFIX "-rpc"

struct pattern {
    const char *text;
    bool request;
};

#define X(symbol, pattern, request) [TOPIC_##symbol] = { (pattern), (request) },
static const struct pattern patterns[] = { TOPICS(X) };
#undef X

static const char part_letters[] = "hwqmc"; /* in the order of struct topic */

static size_t part_of(char letter)
{
    return (size_t)(strchr(part_letters, letter) - part_letters);
}

/* No wildcards, no control characters, UTF-8. */
static bool text_is_plain(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.at[i];
        if (c < 0x20 || c == 0x7F || c == '+' || c == '#')
            return false;
    }
    return text_is_utf8(t);
}

static bool part_is_valid(char letter, struct text part)
{
    if (letter != 'c')
        return text_is_id(part);
    return part.len > 0 && part.len <= CLIENT_MAX && !memchr(part.at, '/', part.len) && text_is_plain(part);
}

static bool is_id_character(char c)
{
    return text_is_id((struct text){ (const char[]){ 'a', c }, 2 });
}

enum err topic_root_check(struct text root, struct errbuf *e)
{
    bool level_has_begun = false, good = root.len <= TOPIC_ROOT_MAX;
    for (size_t i = 0; i < root.len && good; i++) {
        bool separator = root.at[i] == '/';
        good = separator ? level_has_begun : is_id_character(root.at[i]);
        level_has_begun = !separator;
    }
    if (good && level_has_begun)
        return OK;
    return err_set(e, ERR_TOPIC,
                   "root: must be levels of letters, digits, '.', '_' or '-', joined by '/', %d bytes at most",
                   TOPIC_ROOT_MAX);
}

/* Cuts root and tree off; false if the topic is not below the root. */
static bool strip_root(const char *root, struct text *text, bool *ret_request)
{
    if (!text_skip(text, text_of(root)))
        return false;
    *ret_request = text_skip(text, TEXT(REQUEST_SUFFIX));
    return text_skip(text, TEXT("/"));
}

static struct text take_level(struct text *text)
{
    const char *end = text->len ? memchr(text->at, '/', text->len) : NULL;
    struct text level = { text->at, end ? (size_t)(end - text->at) : text->len };
    text->at += level.len;
    text->len -= level.len;
    return level;
}

/* Holds the text against one pattern; the first byte that differs ends it, so a wrong kind costs next to nothing. */
static bool pattern_match(const char *pattern, struct text text, struct topic *ret)
{
    while (*pattern) {
        if (*pattern == '{') {
            ret->parts[part_of(pattern[1])] = take_level(&text);
            pattern += 3;
        } else if (!text_skip(&text, (struct text){ pattern++, 1 })) {
            return false;
        }
    }
    return text.len == 0;
}

static bool parts_are_valid(const struct topic *topic)
{
    for (size_t i = 0; i < TOPIC_PARTS; i++)
        if (topic->parts[i].at && !part_is_valid(part_letters[i], topic->parts[i]))
            return false;
    return true;
}

enum err topic_parse(const char *root, struct text text, struct topic *ret)
{
    bool request;
    if (!strip_root(root, &text, &request))
        return ERR_TOPIC;
    for (enum topic_kind kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        struct topic topic = { .kind = kind };
        if (patterns[kind].request != request || !pattern_match(patterns[kind].text, text, &topic))
            continue;
        if (!parts_are_valid(&topic))
            return ERR_ID;
        *ret = topic;
        return OK;
    }
    return ERR_TOPIC;
}

struct line {
    char at[TOPIC_SIZE];
    size_t len;
};

static bool line_add(struct line *line, struct text t)
{
    if (t.len >= sizeof line->at - line->len)
        return false;
    memcpy(line->at + line->len, t.at, t.len);
    line->len += t.len;
    return true;
}

static enum err line_add_part(struct line *line, char letter, struct text part)
{
    if (!part.at)
        return ERR_TOPIC;
    if (!text_equal(part, TEXT("+")) && !part_is_valid(letter, part))
        return ERR_ID;
    return line_add(line, part) ? OK : ERR_TOPIC;
}

static enum err line_add_pattern(struct line *line, const char *pattern, const struct topic *topic)
{
    while (*pattern) {
        size_t literal = strcspn(pattern, "{");
        if (!line_add(line, (struct text){ pattern, literal }))
            return ERR_TOPIC;
        pattern += literal;
        if (*pattern == '{') {
            enum err err = line_add_part(line, pattern[1], topic->parts[part_of(pattern[1])]);
            if (err != OK)
                return err;
            pattern += 3;
        }
    }
    return OK;
}

enum err topic_build(const char *root, const struct topic *topic, char ret[TOPIC_SIZE])
{
    struct line line = { .len = 0 };
    if (topic->kind >= TOPIC_KIND_COUNT)
        return ERR_TOPIC;
    const struct pattern *pattern = &patterns[topic->kind];
    if (!line_add(&line, text_of(root)) || !line_add(&line, pattern->request ? TEXT(REQUEST_SUFFIX "/") : TEXT("/")))
        return ERR_TOPIC;
    enum err err = line_add_pattern(&line, pattern->text, topic);
    if (err != OK)
        return err;
    memcpy(ret, line.at, line.len);
    ret[line.len] = '\0';
    return OK;
}

bool topic_is_reply(const char *root, struct text topic)
{
    struct topic parsed;
    return topic_parse(root, topic, &parsed) == OK && parsed.kind == TOPIC_REPLY;
}

void address_of(const char *hive, const char *worker, const char *queen, char ret[ADDRESS_SIZE])
{
    if (worker)
        snprintf(ret, ADDRESS_SIZE, "skep:w:%s:%s", hive, worker);
    else
        snprintf(ret, ADDRESS_SIZE, "skep:%c:%s", hive ? 'h' : 'q', hive ? hive : queen);
}

void client_id_of(const char *root, const char *address, uint64_t random, char ret[CLIENT_ID_SIZE])
{
    int len = snprintf(ret, CLIENT_ID_SIZE, "%s:%016llx", address, (unsigned long long)random);
    if (strcmp(root, TOPIC_ROOT_DEFAULT) == 0)
        return;
    snprintf(ret + len, CLIENT_ID_SIZE - (size_t)len, "@%s", root);
    for (char *at = ret + len; *at; at++)
        if (*at == '/')
            *at = ':';
}
