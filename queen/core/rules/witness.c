#include "witness.h"

#include "codec.h"
#include "judge.h"

static bool tells_of_end(const struct record *record, const struct last_exit *last)
{
    return last->known && last->asked_for != 1 && last->session != 0 && last->session == record->incarnation.session;
}

static void judge(struct queen *queen, struct record *record, const struct witness *witness)
{
    struct exit_info exit = last_exit_info(&witness->last_exit);
    record->gone = tells_of_end(record, &witness->last_exit);
    if (record->gone)
        judge_exited(queen, record, &exit, PATH_WITNESS);
}

enum err witness_take(struct queen *queen, struct record *record, const struct witness *witness, struct text document,
                      bool stored)
{
    enum err err = registry_store_witness(&queen->registry, record, document);
    if (!stored || !queen_heard_live(queen, record))
        judge(queen, record, witness);
    return err;
}

void witness_review(struct queen *queen, struct record *record)
{
    struct witness witness;
    if (record->witness && witness_decode(&queen->scan, record_witness(record), &witness, NULL) == OK)
        judge(queen, record, &witness);
    arena_reset(&queen->scan);
}
