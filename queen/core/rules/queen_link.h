/* queen_link.h - the queen's own connection: its presence (member.h), and the snapshot with its end marker. */
#ifndef SKEP_QUEEN_LINK_H
#define SKEP_QUEEN_LINK_H

#include "queen_state.h"

enum err link_init(struct queen *queen); /* ERR_TOPIC */

/* An input that concerns the link or the time, or ends the queen: by a goodbye, or at once without a link. */
void link_step(struct queen *queen, const struct input *input);

/* A message on the presence topic of a queen; on the one that says since when a grace is granted; and on its reply
 * topic the end marker or what replies to no request of the rules. */
void link_presence(struct queen *queen, struct text id, const struct input *input);
void link_since(struct queen *queen, struct text id, const struct message *message);
void link_reply(struct queen *queen, const struct input *input);

/* Another table of devices, whose topics are subscribed to and read in place of those before. */
void link_set_devices(struct queen *queen, const struct devices *devices);

ms_t link_deadline(const struct queen *queen);

#endif
