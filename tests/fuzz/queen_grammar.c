#include "queen_grammar.h"

#include <stddef.h>

#define THEN "\x1e"

#define HIVE "<h1|h1|h1|h2|default>"
#define WORKER "<w1|w1|w2|w3|w9>"
#define SESSION "00000000000000a<1|1|1|2|3>"
#define CONNECTION "<1|1|1|2|3>"
#define OF_SESSION ",\"session\":\"" SESSION "\",\"connection\":" CONNECTION
#define OF_WORKER "skep/v1/hive/" HIVE "/worker/" WORKER
#define ENDPOINT "<|,\"endpoint\":\"http://127.0.0.1:1/\">"
#define EXIT "{\"code\":<0|1|139|null>,\"signal\":<\"SIGSEGV\"|null>,\"oom\":<true|false|null>}"

#define ONLINE                                                                                             \
    "{\"presence\":\"online\"<,\"rpc\":true|,\"rpc\":true|>" OF_SESSION "<|,\"interval_ms\":<1000|10000>>" \
    "<|,\"connect_ms\":<0|300|5000>>" ENDPOINT "<|,\"retain_s\":<1|86400>>}"
#define PRESENCE                                                                                               \
    "{\"presence\":\"<online|stale|stale|offline>\"<|,\"cause\":\"<connection_lost|goodbye|process_exited>\">" \
    "<,\"rpc\":true|>" OF_SESSION "<|,\"interval_ms\":<1000|10000>><|,\"exit\":" EXIT ">}"
#define WILL "{\"presence\":\"stale\",\"cause\":\"connection_lost\",\"rpc\":true" OF_SESSION "}"
#define HEARTBEAT                                                                                                   \
    "{\"status\":\"<idle|busy|starting|loading|stopping|x>\"<|" OF_SESSION "<|,\"seq\":<0|1|2|3|7>>>"               \
    "<|,\"interval_ms\":<1000|10000|30000>><|,\"lease_ms\":<3000|30000|90000>><|,\"retain_s\":<1|86400>>"           \
    "<|,\"progress\":<1|2|3>><|,\"inflight\":<0|1>><|,\"progress_age_ms\":<0|70000>><|,\"stalled_ms\":<0|70000>>"   \
    "<|,\"stall_ms\":<1000|60000>><|,\"queue_depth\":<0|3>><|,\"gpu_utilization\":0.5><|,\"last_inference_ms\":12>" \
    "<|,\"model_loaded\":\"<m1|m2>\">" ENDPOINT "<|,\"labels\":{\"zone\":\"<eu|us>\"}>"                             \
    "<|,\"timestamp\":\"2025-10-23T20:00:00.000Z\">}"
#define WITNESS                                                                                                 \
    "{\"state\":\"<running|backoff|exited|failed|stopped|stopping|starting>\",\"session\":\"" SESSION "\""      \
    "<|,\"pid\":77><|,\"reason\":\"no such file\"><|,\"last_exit\":{\"code\":<0|1|139>,\"signal\":\"SIGSEGV\"," \
    "\"session\":\"" SESSION "\",\"asked_for\":<true|false>}>}"
#define HIVE_HEARTBEAT                                                                                                 \
    "{\"status\":\"<ready|starting|stopping>\"" OF_SESSION "<|,\"seq\":<1|2|3>>,\"interval_ms\":<1000|10000>" ENDPOINT \
    "<|,\"workers\":{\"total\":<0|2|5>,\"running\":1,\"exited\":1,\"failed\":0}><|,\"retain_s\":86400>}"
#define VERDICT(of_worker)                                                                                            \
    "{" of_worker "\"hive_id\":\"h1\",\"state\":\"<online|stale|suspect|zombie|offline|unreachable|ready|down|"       \
    "starting>\",\"previous\":<null|\"online\">,\"cause\":\"<heartbeat|last_will|stalled|goodbye|never_seen|"         \
    "missed_heartbeats|process_exited|start_failed>\",\"since\":<null|\"1970-01-01T00:16:00.000Z\">,"                 \
    "\"event_id\":<1|1000000007|4503599627370495|9007199254740991>,\"revision\":<1|2|null>,\"queen_id\":\"queen\","   \
    "\"session\":\"" SESSION "\",\"connection\":<1|null>,\"incident\":<null|\"hive:h1:5\">,\"flags\":"                \
    "[<|\"flapping\"|\"conflict\">],\"evidence\":{\"path\":\"<will|silence|witness>\",\"result\":\"<no_reply|silent>" \
    "\","                                                                                                             \
    "\"due_at\":\"1970-01-01T00:16:00.000Z\",\"seen_at\":\"1970-01-01T00:16:00.000Z\",\"last_seen_ms_ago\":"          \
    "<null|5000>,\"took_ms\":<0|null>,\"exit\":<null|" EXIT ">,\"text\":\"t\"}}"
#define HEALTH(service)                                                                       \
    "{\"status\":\"<pass|warn|fail>\",\"serviceId\":\"" service "\"<|,\"pid\":7,\"session\":" \
    "\"00000000000000b<0|1|2>\",\"held_ms\":<0|5000>>}"

#define PARAMETER                                                                                                      \
    "<state=<online|stale|suspect|zombie|unreachable>|status=<idle|busy>|hive=" HIVE "|model=<m1|m2>|label.zone=eu|"   \
    "sort=<-|><queue_depth|inflight|gpu_utilization|last_inference_ms|last_seen_ms_ago|since_ms_ago>|limit=<1|2|1000>" \
    "|cursor=<1|2|3>|verified=<true|work>|force=<true|false>|workers=<true|false|1>|kind=<queen|worker|hive>|after=<"  \
    "0|1>|wait=<0|1|60>|x=1>"
#define QUERY "<|?" PARAMETER "|?" PARAMETER "&" PARAMETER "|?" PARAMETER "&" PARAMETER "&" PARAMETER "&" PARAMETER ">"
#define PATH                                                                                                    \
    "<health|v1/worker/heartbeat|v1/workers|v1/workers|v1/workers/" WORKER "|v1/hives/" HIVE "/workers/" WORKER \
    "|v1/workers/" WORKER "/verify|v1/hives/" HIVE "/workers/" WORKER "/verify|v1/hives|v1/hives/" HIVE         \
    "|v1/events|v1/incidents|metrics|v1/fleet|v1/sd>"

/* Those that succeed in being what they are meant to be. */
#define BORN(hive, worker)                                                                                            \
    "Mskep/v1/hive/" hive "/worker/" worker "/presence\n{\"presence\":\"online\",\"rpc\":true,\"session\":"           \
    "\"00000000000000a1\",\"connection\":1}" THEN "Mskep/v1/hive/" hive "/worker/" worker                             \
    "/heartbeat\n{\"status\":\"busy\",\"session\":\"00000000000000a1\",\"connection\":1,\"seq\":1,\"retain_s\":86400" \
    ",\"interval_ms\":<1000|10000>,\"inflight\":<0|1>" ENDPOINT "}"
#define READY                                                                                           \
    "Mskep/v1/hive/h1/"                                                                                 \
    "presence\n{\"presence\":\"online\",\"rpc\":true,\"session\":\"00000000000000a1\",\"connection\":1" \
    ",\"interval_ms\":<1000|10000>}" THEN "W10" THEN                                                    \
    "R0\n{\"result\":{\"status\":\"pass\",\"serviceId\":\"hive/h1\"}}"
#define LEFT(hive, worker)                                                                                      \
    "Mskep/v1/hive/" hive "/worker/" worker "/presence\n{\"presence\":\"stale\",\"cause\":\"connection_lost\"," \
    "\"session\":\"00000000000000a1\",\"connection\":1}"
#define LEFT_HIVE \
    "Mskep/v1/hive/h1/presence\n{\"presence\":\"stale\",\"session\":\"00000000000000a1\",\"connection\":1}"
#define NOBODY "A0\t16" THEN "W300" THEN "A0\t16"
#define ANSWERED "A0\t0" THEN "R0\n{\"result\":{\"nonce\":\"%n\",\"work\":\"<ok|stalled|unknown>\"}}"

const char *const queen_grammar[] = {
    "<M|M|M|S>" OF_WORKER "/presence\n<" PRESENCE "|" ONLINE "|" WILL ">",
    "<M|M|M|S>" OF_WORKER "/heartbeat\n" HEARTBEAT,
    "<M|M|M|S>" OF_WORKER "/heartbeat\n" HEARTBEAT,
    "<M|M|M|S>skep/v1/hive/" HIVE "/presence\n<" PRESENCE "|" ONLINE "|" WILL ">",
    "<M|M|M|S>skep/v1/hive/" HIVE "/heartbeat\n" HIVE_HEARTBEAT,
    "<M|M|M|S>" OF_WORKER "/witness\n" WITNESS,
    "<M|S>skep/v1/hive/" HIVE "/<worker/" WORKER "/<presence|heartbeat|witness>|presence|heartbeat>",
    "<M|S>" OF_WORKER "/<heartbeat|presence>\t\t\t<0|1|86399|86300|3600>\n<" HEARTBEAT "|" ONLINE ">",
    "S<skep/v1/queen/queen/verdict/h1/" WORKER
    "\n" VERDICT("\"worker_id\":\"w1\",") "|"
                                          "skep/v1/queen/queen/hive-verdict/h1\n" VERDICT("") ">",
    "S<skep/v1/queen/queen/since\t\t\t<100|86000>\n{\"retain_s\":<172800|100>}|"
    "$SYS/broker/publish/messages/<dropped|sent>\n<0|5|1000>>",
    "M$SYS/broker/publish/messages/<dropped|sent>\n<0|5|1000|x>",
    "<M|S>skep/v1/queen/<queen|q2>/presence<|\n{\"presence\":\"<online|online|stale|offline>\",\"session\":"
    "\"00000000000000b<0|1|2>\",\"connection\":<1|2>,\"pid\":7,\"host\":\"x\"}>",
    "Mskep/v1-rpc/queen/queen/<health|worker.get|worker.verify|worker.verify|worker.list|x>"
    "\tskep/v1-rpc/reply/<c|d|skep:w:h1:w1|skep:q:q2|a/b>\t<c1|>\n<|{<\"worker_id\":\"" WORKER
    "\"<|,\"hive_id\":\"" HIVE
    "\">|\"limit\":<1|2|1001>|\"state\":\"online\"|\"sort\":\"-queue_depth\"|\"cursor\":2>}>",
    "A<0|0|0|1|2|5>\t<0|0|16|16|128|135|149>",
    "R<0|0|1|2>\n<{\"result\":{\"nonce\":\"%n\",\"work\":\"<ok|stalled|unknown>\"}}|{\"result\":{\"seq\":1}}|"
    "{\"result\":" HEALTH("<hive/" HIVE "|queen/queen>") "}|{\"error\":{\"code\":\"busy\",\"message\":\"m\"}}|{>",
    "E<0|0|1|2>|G<0|0|1>\t<0|200|200|503|404>\n" HEALTH("<worker/" HIVE "/" WORKER "|hive/" HIVE ">"),
    "B|B|B|D|D1|C|U|L|Y|Y|K",
    "U<0|1000|4000|100000>\t<0|10|20>\t<0|300>\t<0|0|1|2|4|7>" THEN "Y",
    "*<2|8|20|50>|(<2|3|5|8>|)|W<10|250|1000|5000|30000|90000>|W<10|300|1000|2000|5000|35000>|"
    "T<1000|100000|700000|90000000|700000000|2700000000>",
    "<H|H|H|H|h|x|t><GET|GET|GET|POST|DELETE|HEAD|PUT> /" PATH QUERY,
    "a<POST|DELETE> /" PATH "\n<Bearer secret|bearer secrex|Bearer s|Basic secret>",
    "HPOST /v1/worker/heartbeat\n{\"worker_id\":\"" WORKER "\"<|,\"hive_id\":\"" HIVE "\">,\"status\":\"<idle|busy>\""
    "<|,\"interval_ms\":<1000|10000>>}",
    "<H|t>GET /<metrics<|?workers=1>|v1/fleet<|?limit=1>|v1/sd<|?kind=<worker|hive>>>",
    "HGET /v1/workers" QUERY "|HDELETE /v1/hives/" HIVE "</workers/" WORKER "?|?|?workers=true&>force=true",
    "HPOST /v1/hives/" HIVE "/workers/" WORKER "/verify|P",
    "P|P|Q<0|0|20|10000>|F<1|2|3|5|8|13|30|70>|w<0|5000|1000000|1764000000000>",
    "O<0|1|2|3|4|8|12|16|17|32|48|64|80>\n<w9|h1/w1|h1/w1\nh2/w2 # two|w1/|>",
    "Q<0|50>\t<0|50>\t<0|100|2000>\t<0|3>\t<0|5>\t<0|9>",
    "N|N|N|N1|N2|Z|Z" THEN "Y|N" THEN "Z" THEN "Y",
    "N" THEN "Z<0|1>\t<0|1|2|3|4|5|6|7|8|9>\t<0|5|-1|9223372036854775807>" THEN "Y",
    "N" THEN "Z<0|1>\t<10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25|26|27|28|29|30|31|32|33|34|35|36>"
    "\t<0|3|5|7|20|-1|-9223372036854775807|9223372036854775807>" THEN "Y",
    BORN(HIVE, WORKER),
    BORN("h1", "w1") "<|" THEN "W10>",
    READY,
    READY THEN BORN("h1", "w1"),
    LEFT(HIVE, WORKER) "<|" THEN NOBODY "|" THEN "W1500>",
    LEFT_HIVE "<|" THEN NOBODY "|" THEN "W1500>",
    LEFT("h1", "w1") THEN LEFT_HIVE,
    NOBODY,
    ANSWERED,
    ANSWERED THEN "P",
    "HPOST /v1/hives/h1/workers/w1/verify" THEN "W10" THEN ANSWERED,
    "D" THEN "Y|D" THEN "W<100|5000|40000>" THEN "Y|D1" THEN "B" THEN "B" THEN "B",
    "K" THEN "B" THEN "N" THEN "Z" THEN "Y",
    "*<8|20|50>" THEN "Mskep/v1/hive/<h%#|h1>/worker/w%#/<heartbeat\n{\"status\":\"<idle|s%#>\"}|presence\n"
    "{\"presence\":\"<online|stale>\"}>",
    "*<8|20|50>" THEN "Mskep/v1/hive/h%#/presence\n" ONLINE,
    "(5" THEN LEFT("h1", "w1") THEN NOBODY THEN
    "Mskep/v1/hive/h1/worker/w1/"
    "presence\n{\"presence\":\"online\",\"session\":\"00000000000000a1\",\"connection\":1%#}" THEN ")",
    NULL,
};
