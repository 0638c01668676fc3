#include "mqtt_pace.h"

static bool is_busy(const struct mqtt_pace *pace, unsigned packets, ms_t sent_at, ms_t now)
{
    if (packets == 0 || now - sent_at <= MQTT_PACE_PAUSE_MS)
        return false;
    return mqtt_pace_waits(pace) || packets >= MQTT_PACE_BUSY_BURST || pace->streak >= MQTT_PACE_BUSY_STREAK;
}

bool mqtt_pace_note(struct mqtt_pace *pace, unsigned packets, bool cut, ms_t sent_at, ms_t now)
{
    bool goes_on = now - pace->read_at <= MQTT_PACE_PAUSE_MS, busy;
    pace->streak = goes_on ? pace->streak + packets : packets;
    pace->read_at = now;
    busy = is_busy(pace, packets, sent_at, now);
    if (busy && !cut)
        pace->until = now + (mqtt_pace_waits(pace) ? MQTT_PACE_KEEP_MS : MQTT_PACE_COALESCE_MS);
    else
        pace->until = MQTT_PACE_AT_ONCE;
    return busy;
}
