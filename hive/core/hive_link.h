/* hive_link.h - the hive's own connection: what its presence (member.h) means for it, what it reads there, its end. */
#ifndef SKEP_HIVE_LINK_H
#define SKEP_HIVE_LINK_H

#include "hive_state.h"

enum err hive_link_init(struct hive *hive); /* ERR_TOPIC */

/* An input that concerns the link or the time; and a message: a request, its own presence, a verdict on itself (one
 * that is down beats at once), a stored witness. False: another hive holds the id, and this one must end. */
bool hive_link_step(struct hive *hive, const struct input *input) MUST_CHECK;
bool hive_link_receive(struct hive *hive, const struct input *input) MUST_CHECK;

/* Publishes the goodbye, or leaves at once without a link. */
void hive_link_goodbye(struct hive *hive);

#endif
