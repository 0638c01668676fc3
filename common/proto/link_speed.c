#include "link_speed.h"

#include "msg.h"

#define REDECLARE_MS 100    /* so much of a confirmation's 250 ms may a connect take more than declared */
#define CONNECT_MAX_MS 4000 /* no confirmation waits longer */

void link_speed_connected(struct link_speed *speed, const struct link_facts *facts)
{
    if (facts)
        speed->connects[speed->next++ % LINK_SPEED_CONNECTS] = ms_max(facts->connect_ms, 1);
}

void link_speed_round_trip(struct link_speed *speed, ms_t took)
{
    speed->round_trips[1] = speed->round_trips[0];
    speed->round_trips[0] = ms_max(took, 1);
}

static int64_t least_connect(const struct link_speed *speed)
{
    ms_t least = MS_NEVER;
    for (size_t i = 0; i < LINK_SPEED_CONNECTS; i++)
        if (speed->connects[i] > 0)
            least = ms_min(least, speed->connects[i]);
    return least == MS_NEVER ? INT_ABSENT : least;
}

/* A connect is two round trips or more. Of one link that has become slow only its messages tell; that one of them was
 * slow says nothing. */
static int64_t connect_time(const struct link_speed *speed)
{
    int64_t least = least_connect(speed);
    return least == INT_ABSENT ? INT_ABSENT : ms_max(least, 2 * ms_min(speed->round_trips[0], speed->round_trips[1]));
}

int64_t link_speed_declare(struct link_speed *speed)
{
    return speed->declared = connect_time(speed);
}

bool link_speed_is_wrong(const struct link_speed *speed)
{
    ms_t takes = ms_min(connect_time(speed), CONNECT_MAX_MS), declared = ms_min(speed->declared, CONNECT_MAX_MS);
    return takes > declared + REDECLARE_MS || 2 * takes + REDECLARE_MS < declared;
}
