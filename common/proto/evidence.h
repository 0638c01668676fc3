/* evidence.h - how a verdict of a queen came about. Plain data. */
#ifndef SKEP_EVIDENCE_H
#define SKEP_EVIDENCE_H

#include "base.h"

struct evidence {
    uint8_t path;   /* enum evidence_path */
    uint8_t result; /* enum evidence_result */
    bool has_exit;
    int8_t oom;             /* as in struct exit_info */
    int16_t code;           /* -1 = none */
    char signal[18];        /* "" = none */
    uint32_t took;          /* ms from when it was due, or from the first sign, to the verdict */
    uint32_t last_seen_ago; /* ms before seen_at, EVIDENCE_AGO_MAX at most; EVIDENCE_NEVER = never seen */
    ms_t seen_at;           /* wall: when it was seen */
};

#define EVIDENCE_NEVER UINT32_MAX
#define EVIDENCE_AGO_MAX (EVIDENCE_NEVER - 1) /* seven weeks */

#endif
