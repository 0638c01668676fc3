#include "state_text.h"

#define AGENT "skep-agent"
#define EXIT "skep-exit"
#define VERSION "1"
#define NO_SIGNAL "-"
#define PID_MIN 2 /* 1 is nobody's agent */
#define CODE_MAX 255

void state_text_write(const struct agent_record *record, struct buf *ret)
{
    const struct process_birth *birth = &record->birth;
    if (record->is_over)
        buf_printf(ret, EXIT " " VERSION " %lld %d %s %d %lld", (long long)record->ended_at, record->code,
                   record->signal[0] ? record->signal : NO_SIGNAL, record->oom, (long long)birth->pid);
    else
        buf_printf(ret, AGENT " " VERSION " %s %lld %llu", record->boot_id, (long long)birth->pid,
                   (unsigned long long)record->started);
    buf_printf(ret, " %s %s %lld %lld\n", HEX64_TEXT(birth->session), HEX64_TEXT(record->fingerprint),
               (long long)birth->wall, (long long)birth->restarts);
}

/* Words of a line, one after the other; once one is missing or wrong, all are. */
struct words {
    struct text rest;
    bool ok;
};

static struct text next(struct words *words)
{
    words->ok = words->ok && words->rest.at;
    return words->ok ? text_split(&words->rest, ' ') : (struct text){ 0 };
}

static int64_t next_number(struct words *words, int64_t low, int64_t high)
{
    int64_t number = 0;
    words->ok = text_to_int(next(words), &number) == OK && number >= low && number <= high;
    return number;
}

static uint64_t next_hex(struct words *words)
{
    uint64_t number = 0;
    words->ok = text_to_hex64(next(words), &number) == OK;
    return number;
}

static void next_text(struct words *words, char *ret, size_t size)
{
    struct text text = next(words);
    words->ok = text.len > 0 && text.len < size && !memchr(text.at, '\0', text.len);
    if (words->ok)
        memcpy(ret, text.at, text.len);
}

static void read_exit(struct words *words, struct agent_record *ret)
{
    ret->is_over = true;
    ret->ended_at = next_number(words, 0, INT64_MAX);
    ret->code = (int)next_number(words, -1, CODE_MAX);
    next_text(words, ret->signal, sizeof ret->signal);
    if (strcmp(ret->signal, NO_SIGNAL) == 0)
        ret->signal[0] = '\0';
    ret->oom = (int)next_number(words, -1, 1);
    ret->birth.pid = next_number(words, PID_MIN, INT32_MAX);
}

static void read_agent(struct words *words, struct agent_record *ret)
{
    next_text(words, ret->boot_id, sizeof ret->boot_id);
    ret->birth.pid = next_number(words, PID_MIN, INT32_MAX);
    ret->started = (uint64_t)next_number(words, 0, INT64_MAX);
}

bool state_text_is_lost(struct text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\0')
            return false;
    return true;
}

enum err state_text_read(struct text text, struct agent_record *ret)
{
    struct words words = { text_split(&text, '\n'), text.at && text.len == 0 };
    struct agent_record record = { 0 };
    struct text magic = next(&words);
    bool is_exit = text_is(magic, EXIT);
    words.ok = (is_exit || text_is(magic, AGENT)) && text_is(next(&words), VERSION);
    (is_exit ? read_exit : read_agent)(&words, &record);
    record.birth.session = next_hex(&words);
    record.fingerprint = next_hex(&words);
    record.birth.wall = next_number(&words, 0, INT64_MAX);
    record.birth.restarts = next_number(&words, 0, INT64_MAX);
    if (!words.ok || words.rest.at)
        return ERR_SYNTAX;
    *ret = record;
    return OK;
}
