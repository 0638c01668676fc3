#include "device_presets.h"

/* As Home Assistant has them, and JSON where others have that. */
#define PLAIN_WORDS "online=online\nonline=/state online\noffline=offline\noffline=/state offline"
/* Plain words are fine everywhere, for somebody may have set those. */
#define WORDS(yes, no) "online=" yes "\nonline=online\noffline=" no "\noffline=offline"

const struct device_preset device_presets[] = {
    { "plain", PLAIN_WORDS },
    /* telemetry every TelePeriod: 5 min, 1 h at most */
    { "tasmota",
      "topic=tele/%n/LWT\nbeat=tele/%n/STATE\nbeat=tele/%n/SENSOR\nstale-after=3h\n" WORDS("Online", "Offline") },
    /* it says itself that a device is offline: after 10 min, one on a battery after 25 h */
    { "zigbee2mqtt", "topic=zigbee2mqtt/%n/availability\nbeat=zigbee2mqtt/%n\nparent=zigbee2mqtt/bridge/state\n"
                     "stale-after=2d\n" PLAIN_WORDS },
    { "esphome", "topic=%n/status\nbeat=%n/sensor/+/state\nstale-after=never\n" PLAIN_WORDS },
    { "homie", "topic=homie/%n/$state\nbeat=homie/%n/+/+\nstale-after=never\nonline=init\nonline=alert\n"
               "online=sleeping\ngoodbye=disconnected\n" WORDS("ready", "lost") },
    { "shelly", "topic=%n/online\nbeat=%n/events/rpc\nbeat=%n/status/+\nstale-after=never\n" WORDS("true", "false") },
    /* its word is stored only where somebody has set that; state every 30 s, on a battery every 12 h */
    { "shelly-gen1",
      "topic=shellies/%n/online\nbeat=shellies/%n/+/+\ndiscover=beat\nstale-after=2d\n" WORDS("true", "false") },
    { "home-assistant", PLAIN_WORDS },
    { 0 },
};
