/* hive_link.h - the hive's own connection: what its presence (member.h) means for it, and its end. */
#ifndef SKEP_HIVE_LINK_H
#define SKEP_HIVE_LINK_H

#include "hive_state.h"

enum err hive_link_init(struct hive *hive); /* ERR_TOPIC */

/* An input that concerns the link or the time; or what a message was for the hive's presence. False: another hive holds
 * the id, and this one must end. */
bool hive_link_step(struct hive *hive, const struct input *input) MUST_CHECK;
bool hive_link_take(struct hive *hive, enum member_event event) MUST_CHECK;

/* A verdict on the hive: one that is down beats at once. */
void hive_link_verdict(struct hive *hive, struct text payload);

/* Publishes the goodbye, or leaves at once without a link; and it was acknowledged, or need not be. */
void hive_link_goodbye(struct hive *hive);
void hive_link_leave(struct hive *hive);

#endif
