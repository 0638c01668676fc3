#include "top.h"

#include <stdlib.h>

static struct top_group *group_of(struct heap_item *item)
{
    return CONTAINER_OF(item, struct top_group, rank);
}

void top_clear(struct top *top)
{
    for (size_t i = 0; i < top->largest.len; i++)
        free(group_of(top->largest.items[i]));
    heap_clear(&top->largest);
}

static void add(struct top_numbers *sum, const struct top_numbers *numbers)
{
    sum->total += numbers->total;
    sum->queue_depth += numbers->queue_depth;
    for (int state = 0; state < STATE_COUNT; state++)
        sum->states[state] += numbers->states[state];
}

static struct top_numbers numbers_of(const struct metric_group *group)
{
    struct top_numbers numbers = { .queue_depth = group->queue_depth };
    for (int state = 0; state < STATE_COUNT; state++) {
        numbers.states[state] = group->states[state];
        numbers.total += group->states[state];
    }
    return numbers;
}

void top_add_other(struct top *top, const struct metric_group *group)
{
    struct top_numbers numbers = numbers_of(group);
    add(&top->others, &numbers);
}

/* Becomes one of the others. */
static void take_least(struct top *top)
{
    struct top_group *least = group_of(heap_top(&top->largest));
    heap_remove(&top->largest, &least->rank);
    add(&top->others, &least->numbers);
    top->bytes -= sizeof *least + strlen(least->name) + 1;
    free(least);
}

static enum err keep(struct top *top, const struct metric_group *group, const struct top_numbers *numbers)
{
    size_t len = group->name ? strlen(group->name) : 0;
    struct top_group *kept = calloc(1, sizeof *kept + len + 1);
    if (!kept || heap_put(&top->largest, &kept->rank, (ms_t)numbers->total) != OK) {
        free(kept);
        return ERR_NOMEM;
    }
    kept->numbers = *numbers;
    kept->has_name = group->name != NULL;
    memcpy(kept->name, len > 0 ? group->name : "", len);
    top->bytes += sizeof *kept + len + 1;
    return OK;
}

enum err top_add(struct top *top, const struct metric_group *group)
{
    const struct heap_item *least = heap_top(&top->largest);
    struct top_numbers numbers = numbers_of(group);
    if (numbers.total == 0)
        return OK;
    if (top->largest.len < top->limit)
        return keep(top, group, &numbers);
    if (!least || (ms_t)numbers.total <= least->at) {
        add(&top->others, &numbers);
        return OK;
    }
    take_least(top);
    return keep(top, group, &numbers);
}

static int compare(const void *a, const void *b)
{
    const struct top_group *one = group_of(*(struct heap_item *const *)a);
    const struct top_group *other = group_of(*(struct heap_item *const *)b);
    if (one->numbers.total != other->numbers.total)
        return one->numbers.total < other->numbers.total ? 1 : -1;
    return strcmp(one->name, other->name);
}

static void put_numbers(const struct top_numbers *numbers, const struct top_keys *keys, struct json_write *w)
{
    json_add_int(w, "total", (int64_t)numbers->total);
    for (int state = STATE_NONE + 1; state < STATE_COUNT; state++)
        json_add_int(w, state_name(state), (int64_t)numbers->states[state]);
    if (keys->has_queue)
        json_add_int(w, "queue_depth", (int64_t)numbers->queue_depth);
    json_close(w, '}');
}

void top_write(struct top *top, const struct top_keys *keys, struct json_write *w)
{
    if (top->largest.len > 0)
        qsort(top->largest.items, top->largest.len, sizeof *top->largest.items, compare);
    json_open_member(w, keys->key, '[');
    for (size_t i = 0; i < top->largest.len; i++) {
        const struct top_group *group = group_of(top->largest.items[i]);
        json_open(w, '{');
        json_add_str(w, keys->name_key, group->has_name ? group->name : NULL);
        put_numbers(&group->numbers, keys, w);
    }
    json_close(w, ']');
    json_open_member(w, keys->other_key, '{');
    put_numbers(&top->others, keys, w);
}
