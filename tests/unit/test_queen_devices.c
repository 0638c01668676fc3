#include "buf.h"
#include "device_name.h"
#include "device_presets.h"
#include "device_section.h"
#include "device_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ROOT "skep/v1"

static void names_are_ids_and_back(void **state)
{
    static const struct {
        const char *why, *name, *id;
    } rows[] = {
        { "an id that is like one", "0x00158d0001dc126a", "0x00158d0001dc126a" },
        { "dashes and underlines", "shelly_plus-1", "shelly_plus-1" },
        { "a blank", "Living Room", "Living.20Room" },
        { "two levels", "kitchen/lamp", "kitchen.2Flamp" },
        { "the mark itself", "a.b", "a.2Eb" },
        { "as if it was written in ids", "a.2Eb", "a.2E2Eb" },
        { "UTF-8",
          "K\xC3\xBC"
          "che",
          "K.C3.BCche" },
        { "begins with an underline", "_lamp", "x._lamp" },
        { "begins with a dash", "-", "x.-" },
        { "begins with a blank", " lamp", "x..20lamp" },
        { "begins with the mark", ".lamp", "x..2Elamp" },
        { "begins as that does", "x._lamp", "x.2E_lamp" },
        { "... or nearly", "x.", "x.2E" },
        { "an empty level", "/", "x..2F" },
        { "as long as an id may be", "n234567890123456789012345678901234567890123456789012345678901234",
          "n234567890123456789012345678901234567890123456789012345678901234" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        char id[NAME_SIZE] = "", name[DEVICE_TABLE_NAME_SIZE];
        if (device_name_to_id(text_of(rows[i].name), id, &e) != OK || strcmp(id, rows[i].id) != 0)
            fail_msg("%s: %s %s", rows[i].why, id, e.text);
        assert_true(text_is_id(text_of(id)));
        assert_true(device_table_name_of(text_of(id), name));
        assert_string_equal(name, rows[i].name);
    }
}

static void some_names_have_no_id(void **state)
{
    const struct {
        const char *why;
        struct text name;
    } rows[] = {
        { "empty", TEXT("") },
        { "a zero byte", TEXT("a\0b") },
        { "a line's end", TEXT("a\nb") },
        { "a tabulator", TEXT("a\tb") },
        { "DEL", TEXT("a\x7F") },
        { "no UTF-8", TEXT("a\xFF") },
        { "half of a surrogate pair", TEXT("\xED\xA0\x80") },
        { "65 characters", TEXT("n2345678901234567890123456789012345678901234567890123456789012345") },
        { "65 with what stands for a blank", TEXT("n2345678901234567890123456789012345678901234567890123456789012 ") },
        { "65 with what goes before a dash", TEXT("-23456789012345678901234567890123456789012345678901234567890123") },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        char id[NAME_SIZE] = "untouched";
        if (device_name_to_id(rows[i].name, id, &e) != ERR_ID || e.text[0] == '\0')
            fail_msg("%s: %s", rows[i].why, id);
        assert_string_equal(id, "untouched");
    }
}

/* Of two bytes each: no two have the same id, and each is found again. */
static void no_two_names_share_an_id(void **state)
{
    (void)state;
    for (unsigned a = 1; a < 128; a++)
        for (unsigned b = 1; b < 128; b++) {
            char name[3] = { (char)a, (char)b, '\0' }, id[NAME_SIZE], back[DEVICE_TABLE_NAME_SIZE];
            if (device_name_to_id(text_of(name), id, NULL) != OK)
                continue;
            assert_true(device_table_name_of(text_of(id), back));
            assert_string_equal(back, name);
        }
}

static void filters_match_topics(void **state)
{
    static const struct {
        const char *why, *filter;
        unsigned levels;
        const char *topic, *name; /* NULL: no match; "": without a name */
    } rows[] = {
        { "in the middle", "tele/%n/LWT", 1, "tele/kitchen/LWT", "kitchen" },
        { "at the beginning", "%n/status", 1, "lamp/status", "lamp" },
        { "at the end", "zigbee2mqtt/%n", 1, "zigbee2mqtt/lamp", "lamp" },
        { "nothing else", "%n", 1, "lamp", "lamp" },
        { "another leaf", "tele/%n/LWT", 1, "tele/kitchen/STATE", NULL },
        { "another case", "tele/%n/LWT", 1, "tele/kitchen/lwt", NULL },
        { "a level more", "tele/%n/LWT", 1, "tele/a/b/LWT", NULL },
        { "a level less", "tele/%n/LWT", 1, "tele/LWT", NULL },
        { "two levels", "tele/%n/LWT", 2, "tele/a/b/LWT", "a/b" },
        { "one of two", "tele/%n/LWT", 2, "tele/a/LWT", "a" },
        { "three of two", "tele/%n/LWT", 2, "tele/a/b/c/LWT", NULL },
        { "four at the end", "z/%n", 4, "z/a/b/c/d", "a/b/c/d" },
        { "a level that is empty", "tele/%n/LWT", 1, "tele//LWT", "" },
        { "levels that are", "tele/%n/LWT", 2, "tele///LWT", "/" },
        { "a wildcard besides", "%n/sensor/+/state", 1, "lamp/sensor/power/state", "lamp" },
        { "without a name", "plant/pump/status", 1, "plant/pump/status", "" },
        { "... another", "plant/pump/status", 4, "plant/pump/x/status", NULL },
        { "blanks", "tele/%n/LWT", 1, "tele/my lamp/LWT", "my lamp" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct device_filter filter;
        struct text name = { 0 };
        bool found;
        assert_int_equal(device_filter_parse(text_of(rows[i].filter), true, &filter, NULL), OK);
        found = device_filter_match(&filter, rows[i].levels, text_of(rows[i].topic), &name);
        if (found != (rows[i].name != NULL) || (found && !text_is(name, rows[i].name)))
            fail_msg("%s: %d %.*s", rows[i].why, found, (int)name.len, name.at);
    }
}

static void filters_are_written_for_the_broker(void **state)
{
    static const struct {
        const char *filter;
        unsigned levels;
        const char *want;
    } rows[] = {
        { "tele/%n/LWT", 1, "tele/+/LWT" },
        { "tele/%n/LWT", 3, "tele/+/+/+/LWT" },
        { "%n", 1, "+" },
        { "%n/status", 2, "+/+/status" },
        { "a/b", 1, "a/b" },
        { "/a/", 1, "/a/" },
        { "%n/s/+/state", 1, "+/s/+/state" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct device_filter filter;
        char text[DEVICE_FILTER_SIZE];
        assert_int_equal(device_filter_parse(text_of(rows[i].filter), true, &filter, NULL), OK);
        device_filter_write(&filter, rows[i].levels, text);
        assert_string_equal(text, rows[i].want);
    }
}

static void filters_below_a_root_are_found(void **state)
{
    static const struct {
        const char *filter, *root;
        bool is_below;
    } rows[] = {
        { "skep/v1/hive/x", ROOT, true },  { "skep/+/x", ROOT, true },       { "+/+/+", ROOT, true },
        { "+/v1/x", ROOT, true },          { "skep/v1-rpc/x", ROOT, true },  { "skep/v1", ROOT, false },
        { "skep/v2/x", ROOT, false },      { "+/status", ROOT, false },      { "+/+", ROOT, false },
        { "skep/v1-rpcs/x", ROOT, false }, { "skep-rpc/v1/x", ROOT, false }, { "+/sensor/+/state", ROOT, false },
        { "+/status", "skep", true },      { "skep-rpc/x", "skep", true },   { "+", "skep", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (device_filter_is_below(rows[i].filter, rows[i].root) != rows[i].is_below)
            fail_msg("%s below %s", rows[i].filter, rows[i].root);
}

static void payloads_say_how_it_is(void **state)
{
    static const struct {
        const char *why, *preset, *payload;
        enum device_state want;
    } rows[] = {
        /* Sources, read in November 2026: docs/devices.md */
        { "Tasmota", "tasmota", "Online", DEVICE_ONLINE },
        { "Tasmota's will", "tasmota", "Offline", DEVICE_OFFLINE },
        { "zigbee2mqtt 2", "zigbee2mqtt", "{\"state\":\"online\"}", DEVICE_ONLINE },
        { "... offline", "zigbee2mqtt", "{\"state\":\"offline\"}", DEVICE_OFFLINE },
        { "... with more in it", "zigbee2mqtt", "{\"a\":[1,{}],\"state\":\"offline\"}", DEVICE_OFFLINE },
        { "zigbee2mqtt 1, legacy_availability_payload", "zigbee2mqtt", "online", DEVICE_ONLINE },
        { "ESPHome", "esphome", "online", DEVICE_ONLINE },
        { "ESPHome's will", "esphome", "offline", DEVICE_OFFLINE },
        { "Homie", "homie", "ready", DEVICE_ONLINE },
        { "... starting", "homie", "init", DEVICE_ONLINE },
        { "... wants attention", "homie", "alert", DEVICE_ONLINE },
        { "... asleep", "homie", "sleeping", DEVICE_ONLINE },
        { "Homie's will", "homie", "lost", DEVICE_OFFLINE },
        { "... left", "homie", "disconnected", DEVICE_GOODBYE },
        { "Shelly", "shelly", "true", DEVICE_ONLINE },
        { "Shelly's will", "shelly", "false", DEVICE_OFFLINE },
        { "Shelly, first generation", "shelly-gen1", "true", DEVICE_ONLINE },
        { "Home Assistant's availability", "home-assistant", "online", DEVICE_ONLINE },
        { "blanks around it", "esphome", " online\t", DEVICE_ONLINE },
        { "another word", "esphome", "onlinex", DEVICE_STATE_COUNT },
        { "another case", "esphome", "ONLINE", DEVICE_STATE_COUNT },
        { "nothing", "esphome", "", DEVICE_STATE_COUNT },
        { "JSON that is none", "zigbee2mqtt", "{\"state\":\"online\"", DEVICE_STATE_COUNT },
        { "JSON with another type", "zigbee2mqtt", "{\"state\":[\"online\"]}", DEVICE_STATE_COUNT },
        { "JSON without it", "zigbee2mqtt", "{}", DEVICE_STATE_COUNT },
        { "null", "zigbee2mqtt", "{\"state\":null}", DEVICE_STATE_COUNT },
        { "JSON where none is expected", "shelly", "{\"state\":\"true\"}", DEVICE_STATE_COUNT },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena = { 0 };
        struct devices devices;
        struct errbuf e = { 0 };
        char text[128];
        snprintf(text, sizeof text, "[device \"d\"]\npreset = %s\ntopic = a/%%n\nbeat =", rows[i].preset);
        if (device_table_read(text, ROOT, &devices, &e) != OK)
            fail_msg("%s: %s", rows[i].preset, e.text);
        if (device_words_read(&devices.sections[0].words, text_of(rows[i].payload), &arena) != rows[i].want)
            fail_msg("%s: %s", rows[i].why, rows[i].payload);
        devices_clear(&devices);
        arena_clear(&arena);
    }
}

static void words_may_be_values_of_json(void **state)
{
    static const struct {
        const char *word, *payload;
        bool is;
    } rows[] = {
        { "/up true", "{\"up\":true}", true },
        { "/up true", "{\"up\":\"true\"}", true },
        { "/up true", "{\"up\":false}", false },
        { "/up false", "{\"up\":false}", true },
        { "/up 1", "{\"up\":1}", true },
        { "/up 1", "{\"up\":1.5}", false },
        { "/a/0/b ok", "{\"a\":[{\"b\":\"ok\"}]}", true },
        { "/a~1b ok", "{\"a/b\":\"ok\"}", true },
        { "/s all is well", "{\"s\":\"all is well\"}", true },
        { "/s x", "[\"x\"]", false },
        { "/0 x", "[\"x\"]", true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct device_words words = { .count[DEVICE_ONLINE] = 1 };
        struct arena arena = { 0 };
        assert_int_equal(device_word_parse(text_of(rows[i].word), &words.of[DEVICE_ONLINE][0], NULL), OK);
        if ((device_words_read(&words, text_of(rows[i].payload), &arena) == DEVICE_ONLINE) != rows[i].is)
            fail_msg("%s %s", rows[i].word, rows[i].payload);
        arena_clear(&arena);
    }
}

#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEAD "[device \"d\"]\n"
#define TASMOTA HEAD "preset = tasmota\n"

struct fault {
    const char *why, *text;
    enum err err;
    const char *sentence;
};

static void faults_check(const struct fault *rows, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct devices devices;
        struct errbuf e = { 0 };
        enum err err = device_table_read(rows[i].text, ROOT, &devices, &e);
        if (err != rows[i].err || !strstr(e.text, rows[i].sentence) || (err == OK) != (e.text[0] == '\0'))
            fail_msg("%s: %s: %s", rows[i].why, err_name(err), e.text);
        devices_clear(&devices);
    }
}

static void what_is_wrong_has_its_line(void **state)
{
    static const struct fault rows[] = {
        { "fine", TASMOTA, OK, "" },
        { "an empty file", "", OK, "" },
        { "a key before a section", "topic = a/%n", ERR_UNKNOWN, "devices.ini:1: topic: must come after" },
        { "another section", "[worker \"w\"]", ERR_SYNTAX, "devices.ini:1: a section is written [device \"NAME\"]" },
        { "without a name", "[device \"\"]", ERR_SYNTAX, "devices.ini:1: a section" },
        { "listed twice", TASMOTA HEAD, ERR_DUPLICATE, "devices.ini:3: device \"d\" is listed twice" },
        { "an unknown key", HEAD "topics = a", ERR_UNKNOWN, "devices.ini:2: topics: a device has topic," },
        { "a key twice", TASMOTA "preset = homie", ERR_DUPLICATE, "devices.ini:3: preset is given twice" },
        { "an unknown preset", HEAD "preset = tasmoto", ERR_UNKNOWN, "must be one of plain, tasmota, zigbee2mqtt, " },
        { "no topic", HEAD "online = up", ERR_MISSING, "devices.ini:1: device d: has no topic" },
        { "several of each",
          HEAD "topic=a\ntopic=b\nbeat=c\nbeat=d\nonline=e\nonline=f\noffline=g\noffline=h\ngoodbye=i\ngoodbye=j", OK,
          "" },
        { "a parent twice", TASMOTA "parent = a\nparent = b", ERR_DUPLICATE, "devices.ini:4: parent is given twice" },
        { "a hive twice", TASMOTA "hive = a\nhive = b", ERR_DUPLICATE, "hive is given twice" },
        { "levels twice", TASMOTA "levels = 1\nlevels = 2", ERR_DUPLICATE, "levels is given twice" },
        { "a silence twice", TASMOTA "stale-after = 1h\nstale-after = 2h", ERR_DUPLICATE,
          "stale-after is given twice" },
        { "discovered twice", TASMOTA "discover = beat\ndiscover = topic", ERR_DUPLICATE, "discover is given twice" },
        { "a name of 65 bytes", "[device \"n2345678901234567890123456789012345678901234567890123456789012345\"]",
          ERR_TOO_LARGE, "devices.ini:1: name of 65 bytes: at most 64" },
        { "the shortest silence", TASMOTA "stale-after = 3s", OK, "" },
        { "the longest", TASMOTA "stale-after = 24d", OK, "" },
        { "the most levels", TASMOTA "levels = 4", OK, "" },
        { "five topics", HEAD "topic=a\ntopic=b\ntopic=c\ntopic=d\ntopic=e", ERR_FULL, "devices.ini:6: topic e: at" },
        { "nine words", HEAD "online=a\nonline=a\nonline=a\nonline=a\nonline=a\nonline=a\nonline=a\nonline=a\nonline=a",
          ERR_FULL, "devices.ini:10: online a: at most 8" },
        { "a pointer alone", HEAD "online = /state", ERR_SYNTAX, "a JSON pointer needs the value" },
        { "an empty word", HEAD "online =", ERR_TOO_LARGE, "must have 1 to 255 bytes" },
        { "a hive that is no id", TASMOTA "hive = my hive", ERR_ID, "devices.ini:3: hive my hive: must be 1 to 64" },
        { "a name that is no id", "[device \"my lamps\"]\ntopic = a/%n", ERR_ID, "so it needs hive = ID" },
        { "... with a hive", "[device \"my lamps\"]\ntopic = a/%n\nhive = lamps", OK, "" },
        { "a silence too short", TASMOTA "stale-after = 2s", ERR_RANGE, "a duration from 3s to 24d, or never" },
        { "... too long", TASMOTA "stale-after = 25d", ERR_RANGE, "24d" },
        { "... none", TASMOTA "stale-after = never", OK, "" },
        { "no levels", TASMOTA "levels = 0", ERR_RANGE, "must be 1 to 4" },
        { "five levels", TASMOTA "levels = 5", ERR_RANGE, "must be 1 to 4" },
        { "discovered how", TASMOTA "discover = will", ERR_RANGE, "must be topic or beat" },
        { "two sections of one hive", TASMOTA "[device \"e\"]\ntopic = a/%n\nhive = d", ERR_DUPLICATE,
          "devices.ini:3: hive d: is that of an earlier section" },
        { "... one of a single device", TASMOTA "[device \"e\"]\ntopic = a/b\nhive = d", ERR_DUPLICATE, "hive d" },
        { "two devices of one", HEAD "topic = a/b\nhive = h\n[device \"e\"]\ntopic = a/c\nhive = h", OK, "" },
        { "... behind different parents",
          HEAD "topic = a/b\nhive = h\nparent = p\n[device \"e\"]\ntopic = a/c\nhive = h", ERR_DUPLICATE, "hive h" },
        { "a device's name that has no id",
          "[device \"-234567890123456789012345678901234567890123456789012345678901234\"]\n"
          "topic = a/b\nhive = h",
          ERR_ID, "the name is too long" },
    };
    (void)state;
    faults_check(rows, ARRAY_LEN(rows));
}

static void some_topics_are_refused(void **state)
{
    static const struct fault rows[] = {
        { "#", HEAD "topic = tele/#", ERR_SYNTAX, "devices.ini:2: topic tele/#: # is not allowed" },
        { "# in a beat", HEAD "topic = a/%n\nbeat = tele/%n/#", ERR_SYNTAX, "devices.ini:3: beat tele/%n/#: #" },
        { "# in a level", HEAD "topic = a#/%n", ERR_SYNTAX, "# is not allowed" },
        { "+ in a topic", HEAD "topic = +/%n", ERR_SYNTAX, "two devices would have the same name" },
        { "+ in a level", HEAD "topic = a/%n\nbeat = a+/%n", ERR_SYNTAX, "+ must be a whole level" },
        { "%n in a level", HEAD "topic = tele/tasmota_%n/LWT", ERR_SYNTAX, "% must be a whole level" },
        { "%n twice", HEAD "topic = %n/%n", ERR_SYNTAX, "%n is given twice" },
        { "of the broker", HEAD "topic = $SYS/%n", ERR_SYNTAX, "not begin with $" },
        { "empty", HEAD "topic =", ERR_TOO_LARGE, "must have 1 to 255 bytes" },
        { "too long", HEAD "topic = " LONG LONG LONG LONG "%n", ERR_TOO_LARGE, "aaaaaaaa: must have 1 to 255 bytes" },
        { "below the root", HEAD "topic = a/%n\n\nbeat = skep/v1/hive/%n", ERR_TOPIC,
          "devices.ini:4: topic skep/v1/hive/%n: matches topics below the queen's own --root" },
        { "of requests", HEAD "topic = skep/v1-rpc/hive/%n/health", ERR_TOPIC, "devices.ini:2: topic skep" },
        { "it may be", HEAD "topic = a/%n\nbeat = %n/+/state/+", ERR_TOPIC, "devices.ini:3: topic %n/+/state/+" },
        { "with names of more levels", HEAD "topic = %n/status\nlevels = 2", ERR_TOPIC, "devices.ini:2: topic" },
        { "a parent there", TASMOTA "parent = skep/v1/queen/queen/presence", ERR_TOPIC, "devices.ini:3: topic skep" },
        { "a parent with wildcards", TASMOTA "parent = a/+", ERR_SYNTAX, "devices.ini:3: parent a/+: +" },
        { "a parent with a name", TASMOTA "parent = a/%n", ERR_SYNTAX, "must be one topic" },
        { "no parent after all", HEAD "preset = zigbee2mqtt\nparent =\nbeat =", OK, "" },
        { "a beat without a name", HEAD "topic = a/%n\nbeat = b", ERR_MISMATCH, "devices.ini:3: topic b: all topics" },
        { "a topic without one", HEAD "topic = a/%n\ntopic = b", ERR_MISMATCH, "devices.ini:3: topic b: all" },
        { "a lone device", HEAD "topic = plant/pump", OK, "" },
    };
    (void)state;
    faults_check(rows, ARRAY_LEN(rows));
}

/* Nothing that is filled in is refused, and what is given takes its place. */
static void presets_fill_in(void **state)
{
    (void)state;
    for (const struct device_preset *preset = device_presets; preset->name; preset++) {
        struct devices devices;
        struct errbuf e = { 0 };
        char text[128];
        snprintf(text, sizeof text, "[device \"d\"]\npreset = %s\ntopic = own/%%n\nstale-after = 1h", preset->name);
        if (device_table_read(text, ROOT, &devices, &e) != OK)
            fail_msg("%s: %s", preset->name, e.text);
        assert_int_equal(devices.sections[0].topics.count, 1);
        assert_true(text_is(devices.sections[0].topics.at[0].text, "own/%n"));
        assert_int_equal(devices.sections[0].stale_after, 3600000);
        assert_true(devices.sections[0].words.count[DEVICE_ONLINE] > 0);
        assert_true(devices.sections[0].words.count[DEVICE_OFFLINE] > 0);
        devices_clear(&devices);
    }
}

static void silence_has_a_limit_where_something_beats(void **state)
{
    static const struct {
        const char *text;
        ms_t want;
    } rows[] = {
        { "topic = a/%n", MS_NEVER },     { "topic = a/%n\nbeat = b/%n", 172800000 },
        { "preset = tasmota", 10800000 }, { "preset = zigbee2mqtt", 172800000 },
        { "preset = esphome", MS_NEVER }, { "preset = homie", MS_NEVER },
        { "preset = shelly", MS_NEVER },  { "preset = shelly-gen1", 172800000 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct devices devices;
        char text[128];
        snprintf(text, sizeof text, HEAD "%s", rows[i].text);
        assert_int_equal(device_table_read(text, ROOT, &devices, NULL), OK);
        if (devices.sections[0].stale_after != rows[i].want)
            fail_msg("%s", rows[i].text);
        devices_clear(&devices);
    }
}

static void the_first_section_takes_a_topic(void **state)
{
    static const char text[] = "[device \"kitchen\"]\npreset = tasmota\ntopic = tele/kitchen/LWT\nbeat =\n"
                               "[device \"tasmota\"]\npreset = tasmota\n"
                               "[device \"zigbee\"]\npreset = zigbee2mqtt\nlevels = 2\n"
                               "[device \"groups\"]\ntopic = groups/%n\nparent = zigbee2mqtt/bridge/state\n";
    static const struct {
        const char *topic, *section; /* NULL: nobody's */
        enum device_topic kind;
        const char *name;
    } rows[] = {
        { "tele/kitchen/LWT", "kitchen", DEVICE_AVAILABILITY, "kitchen" },
        { "tele/bath/LWT", "tasmota", DEVICE_AVAILABILITY, "bath" },
        { "tele/kitchen/STATE", "tasmota", DEVICE_BEAT, "kitchen" },
        { "zigbee2mqtt/a/availability", "zigbee", DEVICE_AVAILABILITY, "a" },
        { "zigbee2mqtt/a/b/availability", "zigbee", DEVICE_AVAILABILITY, "a/b" },
        { "zigbee2mqtt/a/b", "zigbee", DEVICE_BEAT, "a/b" },
        { "elsewhere", NULL, 0, NULL },
    };
    struct devices devices;
    const struct device_section *first;
    (void)state;
    assert_int_equal(device_table_read(text, ROOT, &devices, NULL), OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct device_match match;
        bool found = devices_match(&devices, text_of(rows[i].topic), &match);
        if (found != (rows[i].section != NULL))
            fail_msg("%s", rows[i].topic);
        if (found && (strcmp(match.section->name, rows[i].section) != 0 || match.topic != rows[i].kind ||
                      !text_is(match.name, rows[i].name)))
            fail_msg("%s: %s %.*s", rows[i].topic, match.section->name, (int)match.name.len, match.name.at);
    }
    first = devices_of_parent(&devices, NULL, TEXT("zigbee2mqtt/bridge/state"));
    assert_string_equal(first->name, "zigbee");
    first = devices_of_parent(&devices, first, TEXT("zigbee2mqtt/bridge/state"));
    assert_string_equal(first->name, "groups");
    assert_null(devices_of_parent(&devices, first, TEXT("zigbee2mqtt/bridge/state")));
    devices_clear(&devices);
}

static void each_filter_is_subscribed_to_once(void **state)
{
    static const char *const want[] = { "zigbee2mqtt/bridge/state",
                                        "zigbee2mqtt/+/availability",
                                        "zigbee2mqtt/+/+/availability",
                                        "tele/+/LWT",
                                        "zigbee2mqtt/+",
                                        "zigbee2mqtt/+/+",
                                        "tele/+/STATE",
                                        "tele/+/SENSOR" };
    struct devices devices;
    (void)state;
    assert_int_equal(device_table_read("[device \"z\"]\npreset = zigbee2mqtt\nlevels = 2\n"
                                       "[device \"t\"]\npreset = tasmota\n"
                                       "[device \"u\"]\npreset = tasmota\nparent = zigbee2mqtt/bridge/state",
                                       ROOT, &devices, NULL),
                     OK);
    assert_int_equal(devices.filter_count, ARRAY_LEN(want));
    assert_int_equal(devices.stored_count, 4);
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        assert_string_equal(devices.filters[i], want[i]);
    devices_clear(&devices);
}

static void sections_have_a_limit(void **state)
{
    struct buf text = BUF_INIT;
    struct devices devices;
    struct errbuf e = { 0 };
    (void)state;
    for (int i = 0; i <= DEVICES_MAX; i++)
        buf_printf(&text, "[device \"d%d\"]\ntopic = a%d/%%n\n", i, i);
    assert_int_equal(device_table_read(buf_str(&text), ROOT, &devices, &e), ERR_FULL);
    assert_non_null(strstr(e.text, "devices.ini:513: more than 256 sections"));
    devices_clear(&devices);
    buf_clear(&text);
}

static void texts_have_a_limit(void **state)
{
    static const struct {
        const char *key;
        int len;
        enum err want;
    } rows[] = {
        { "topic", 255, OK },  { "topic", 256, ERR_TOO_LARGE },
        { "beat", 255, OK },   { "beat", 256, ERR_TOO_LARGE },
        { "parent", 255, OK }, { "parent", 256, ERR_TOO_LARGE },
        { "online", 255, OK }, { "online", 256, ERR_TOO_LARGE },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf text = BUF_INIT;
        struct devices devices;
        buf_printf(&text, "%s%s%s = %0*d", HEAD, strcmp(rows[i].key, "topic") != 0 ? "topic = a\n" : "", rows[i].key,
                   rows[i].len, 1);
        if (device_table_read(buf_str(&text), ROOT, &devices, NULL) != rows[i].want)
            fail_msg("%s of %d", rows[i].key, rows[i].len);
        devices_clear(&devices);
        buf_clear(&text);
    }
}

static void filters_have_a_limit(void **state)
{
    struct buf text = BUF_INIT;
    struct devices devices;
    struct errbuf e = { 0 };
    (void)state;
    for (int i = 0; i < DEVICES_MAX; i++)
        buf_printf(&text, "[device \"d%d\"]\ntopic = a%d/%%n\ntopic = b%d/%%n\nlevels = 4\n", i, i, i);
    assert_int_equal(device_table_read(buf_str(&text), ROOT, &devices, &e), ERR_FULL);
    assert_non_null(strstr(e.text, "more than 2000 topic filters"));
    devices_clear(&devices);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_ids_and_back),
        cmocka_unit_test(some_names_have_no_id),
        cmocka_unit_test(no_two_names_share_an_id),
        cmocka_unit_test(filters_match_topics),
        cmocka_unit_test(filters_are_written_for_the_broker),
        cmocka_unit_test(filters_below_a_root_are_found),
        cmocka_unit_test(payloads_say_how_it_is),
        cmocka_unit_test(words_may_be_values_of_json),
        cmocka_unit_test(what_is_wrong_has_its_line),
        cmocka_unit_test(some_topics_are_refused),
        cmocka_unit_test(presets_fill_in),
        cmocka_unit_test(silence_has_a_limit_where_something_beats),
        cmocka_unit_test(the_first_section_takes_a_topic),
        cmocka_unit_test(each_filter_is_subscribed_to_once),
        cmocka_unit_test(sections_have_a_limit),
        cmocka_unit_test(texts_have_a_limit),
        cmocka_unit_test(filters_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
