#include "chaos_fleet.h"

#include <stdarg.h>
#include <stdio.h>
#include <utlist.h>

#include "script.h"

const char *const chaos_queens[CHAOS_QUEENS_MAX] = { "q1", "q2" };

static const char *const intervals[] = { "1s", "3s", "10s", "20s" };

void chaos_act(struct chaos *chaos, const char *format, ...)
{
    char line[CHAOS_LINE_SIZE];
    struct errbuf e = { 0 };
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    world_run(&chaos->world, chaos->world.network.now); /* as between the lines of a scenario */
    if (script_do(&chaos->world, line, &e) != OK && !chaos->failed.text[0])
        (void)err_set(&chaos->failed, ERR_STATE, "%s: %s", line, e.text);
}

int64_t chaos_pick(struct chaos *chaos, int64_t count)
{
    return rng_between(&chaos->rng, 0, count - 1);
}

struct errbuf chaos_finding(const struct chaos *chaos)
{
    struct errbuf found = chaos->failed;
    for (size_t i = 0; i < CHAOS_QUEENS_MAX && !found.text[0]; i++)
        found = chaos->judged[i].referee.violation;
    return found;
}

bool chaos_is_well(const struct chaos *chaos)
{
    return !chaos_finding(chaos).text[0];
}

void chaos_pass(struct chaos *chaos, ms_t time)
{
    world_run(&chaos->world, chaos->world.network.now + time);
}

struct node *chaos_queen(const struct chaos *chaos, size_t queen)
{
    return world_find(&chaos->world, chaos_queens[queen]);
}

size_t chaos_first_queen(const struct chaos *chaos)
{
    return chaos->count - chaos->queens;
}

/* Each knows both nodes of a cluster, and half of them the other one first; every third worker is behind a bridge. */
const char *chaos_place_of(const struct chaos *chaos, size_t which)
{
    if (chaos->has_edge && which < chaos->workers && which % 3 == 0)
        return " at=e1";
    return !chaos->is_cluster ? "" : which % 2 ? " at=n1,n2" : " at=n2,n1";
}

static void start_worker(struct chaos *chaos, size_t which)
{
    const char *interval = intervals[chaos_pick(chaos, ARRAY_LEN(intervals))];
    chaos_act(chaos, "worker %s interval=%s%s", chaos->nodes[which], interval, chaos_place_of(chaos, which));
}

void chaos_start_queen(struct chaos *chaos, size_t queen)
{
    struct judged_queen *judged = &chaos->judged[queen];
    referee_forget_queen(&judged->referee);
    chaos_act(chaos, "%s%s", judged->start, chaos_place_of(chaos, chaos_first_queen(chaos) + queen));
    judged->has_ended = false;
}

void chaos_start(struct chaos *chaos, size_t which)
{
    if (which < chaos->workers)
        start_worker(chaos, which);
    else if (which >= chaos_first_queen(chaos))
        chaos_start_queen(chaos, which - chaos_first_queen(chaos));
    else
        chaos_act(chaos, "hive %s%s", chaos->nodes[which], chaos_place_of(chaos, which));
}

static void end_worker(struct chaos *chaos, const char *name)
{
    int64_t die = chaos_pick(chaos, 4);
    chaos_act(chaos, die < 2 ? "kill %s" : die == 2 ? "stop %s" : "stop %s code=139 signal=SIGSEGV", name);
}

void chaos_end(struct chaos *chaos, size_t which)
{
    const char *name = chaos->nodes[which];
    if (which < chaos->workers) {
        end_worker(chaos, name);
        return;
    }
    if (which >= chaos_first_queen(chaos))
        chaos->judged[which - chaos_first_queen(chaos)].has_ended = true;
    chaos_act(chaos, "%s %s", chaos_pick(chaos, 3) ? "kill" : "stop", name);
}

/* Identity: a queen that starts with the id of one that runs, and has had a link all the while, is gone by now. */
static void judge_twin(struct chaos *chaos)
{
    const struct node *twin = world_find(&chaos->world, CHAOS_TWIN);
    ms_t since = chaos->judged[0].referee.queen_fit_since;
    if (twin && twin->running && since != MS_NEVER && chaos->world.network.now - since > CHAOS_TWIN_MS)
        (void)err_set(&chaos->failed, ERR_STATE, "a second queen has the id of one that runs");
}

void chaos_judge(struct chaos *chaos, const char *command)
{
    struct words words;
    if (words_split(&chaos->world.arena, command, &words) != OK)
        return;
    if (words_has(&words, CHAOS_TWIN))
        judge_twin(chaos);
    for (size_t i = 0; i < chaos->queens; i++) {
        struct referee *referee = &chaos->judged[i].referee;
        if (strcmp(words_text(&words, "by", chaos_queens[0]), chaos_queens[i]) != 0)
            continue;
        for (const struct tracked *tracked = referee->tracked; tracked && chaos_is_well(chaos);
             tracked = tracked->hh.next)
            if (words_has(&words, "all") || (tracked->node && words_has(&words, tracked->node->name)))
                referee_judge(referee, chaos_queen(chaos, i), tracked);
    }
}
