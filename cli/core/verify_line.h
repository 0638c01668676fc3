/* verify_line.h - the result of a verification, for people and scripts. Pure. */
#ifndef SKEP_CLI_VERIFY_LINE_H
#define SKEP_CLI_VERIFY_LINE_H

#include "buf.h"

struct cJSON;

/* HIVE/WORKER: RESULT via PATH in TIMEms, STATE, with its newline, printable. */
void verify_line_add(struct buf *ret, const struct cJSON *verified, bool colour);

/* OK when the worker answered and did not say that its work is stalled; else ERR_STATE with a sentence. ERR_IO: the
 * document has no result that is known. */
enum err verify_judge(const struct cJSON *verified, struct errbuf *e);

#endif
