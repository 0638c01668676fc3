#include "verify_line.h"

#include "document.h"
#include "template.h"
#include "vocabulary.h"

void verify_line_add(struct buf *ret, const struct cJSON *verified, bool colour)
{
    template_add(ret, "{:name}: <{result}|?> via <{path}|?>< in {took_ms:ms}>, {state:state}\n", verified, colour);
}

static enum err refuse(const struct cJSON *verified, const char *fault, struct errbuf *e)
{
    auto_clear(buf) name = BUF_INIT;
    template_add(&name, "{:name}", verified, false);
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
