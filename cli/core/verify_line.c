#include "verify_line.h"

#include <inttypes.h>

#include "document.h"
#include "event_line.h"
#include "printable.h"
#include "vocabulary.h"
#include "worker_table.h"

static void add_or_unknown(struct buf *ret, const char *text)
{
    printable_add(ret, text_of(text ? text : "?"));
}

void verify_line_add(struct buf *ret, const struct cJSON *verified, bool colour)
{
    int64_t took;
    worker_name_add(ret, verified);
    buf_add_str(ret, ": ");
    add_or_unknown(ret, document_str(verified, "result"));
    buf_add_str(ret, " via ");
    add_or_unknown(ret, document_str(verified, "path"));
    if (document_int(verified, "took_ms", &took))
        buf_printf(ret, " in %" PRId64 "ms", took);
    buf_add_str(ret, ", ");
    state_add(ret, document_str(verified, "state"), colour);
    buf_add_char(ret, '\n');
}

static enum err refuse(const struct cJSON *verified, const char *fault, struct errbuf *e)
{
    auto_clear(buf) name = BUF_INIT;
    worker_name_add(&name, verified);
    return err_set(e, ERR_STATE, "%s: %s", buf_str(&name), fault);
}

enum err verify_judge(const struct cJSON *verified, struct errbuf *e)
{
    enum verify_result result = verify_result_of_name(document_str(verified, "result"));
    const char *fault;
    if (result == VERIFY_RESULT_COUNT)
        return err_set(e, ERR_IO, "the queen's answer has no result that is known: is it a queen?");
    fault = verify_result_fault(result);
    return fault ? refuse(verified, fault, e) : OK;
}
