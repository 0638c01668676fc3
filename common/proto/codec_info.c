#include "codec.h"

#define X(type, name, low, high, required, doc) { #name, #type, doc, low, high, required },
const struct field_info heartbeat_field_info[] = { HEARTBEAT_FIELDS(X){ 0 } };
const struct field_info presence_field_info[] = { PRESENCE_FIELDS(X){ 0 } };
const struct field_info exit_field_info[] = { EXIT_FIELDS(X){ 0 } };
const struct field_info witness_field_info[] = { WITNESS_FIELDS(X){ 0 } };
const struct field_info last_exit_field_info[] = { LAST_EXIT_FIELDS(X){ 0 } };
const struct field_info hive_heartbeat_field_info[] = { HIVE_HEARTBEAT_FIELDS(X){ 0 } };
const struct field_info worker_tally_field_info[] = { WORKER_TALLY_FIELDS(X){ 0 } };
#undef X
