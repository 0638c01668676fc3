/* INI text of any kind: nothing crashes, a refusal has a sentence, and what is handed on is whole. */
#include "fuzz.h"
#include "inifile.h"

static enum err key_expect(void *user, const char *section, const char *key, const char *value, int line,
                           struct errbuf *e)
{
    int *last_line = user;
    (void)e;
    require(line > *last_line); /* at most one thing a line */
    require(strlen(section) <= INIFILE_SECTION_MAX && text_is_utf8(text_of(section)));
    require(!key == !value);
    require(!key || (*key && strlen(key) + strlen(value) <= INIFILE_LINE_MAX));
    require(!key || (text_is_utf8(text_of(key)) && text_is_utf8(text_of(value))));
    *last_line = line;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct errbuf e = { 0 };
    int last_line = 0;
    enum err err = inifile_parse_text((struct text){ (const char *)bytes, len }, "f", key_expect, &last_line, &e);
    require((err == OK) == (e.text[0] == '\0'));
    return 0;
}
