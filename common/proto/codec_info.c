#include "codec.h"

#define X(type, name, low, high, required, doc) { #name, #type, doc, low, high, required },
const struct field_info heartbeat_field_info[] = { HEARTBEAT_FIELDS(X){ 0 } };
const struct field_info presence_field_info[] = { PRESENCE_FIELDS(X){ 0 } };
const struct field_info exit_field_info[] = { EXIT_FIELDS(X){ 0 } };
#undef X
