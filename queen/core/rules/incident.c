#include "incident.h"

#include "confirm.h"
#include "hive_watch.h"
#include "loss.h"

/* Whoever waited for the hive's verdict has it now; who was lost shortly before the hive was part of the same; and the
 * end of an incident is one grace after the hive is ready. */
static void review(struct queen *queen, const struct record *hive)
{
    struct registry *registry = &queen->registry;
    struct record *worker = registry_first_of_hive(registry, text_of(record_hive(hive)));
    for (; worker; worker = registry_next_of_hive(registry, worker)) {
        confirm_hive_judged(queen, worker);
        if (hive->state == STATE_STALE)
            loss_join(queen, worker);
        registry_touch(&queen->registry, worker);
    }
}

/* Somebody may wait for a hive's verdict, or for the end of an incident. */
static bool somebody_waits(const struct queen *queen)
{
    return queen->confirms || queen->registry.counts[STATE_UNREACHABLE] > 0;
}

void incident_review(struct queen *queen)
{
    const struct record *hive;
    while ((hive = hive_watch_next_changed(queen)))
        if (hive->state == STATE_STALE || (hive->state != STATE_SUSPECT && somebody_waits(queen)))
            review(queen, hive);
}
