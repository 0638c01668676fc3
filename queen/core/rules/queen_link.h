/* queen_link.h - the queen's own connection: its presence (member.h), and the snapshot with its end marker. */
#ifndef SKEP_QUEEN_LINK_H
#define SKEP_QUEEN_LINK_H

#include "queen_state.h"

enum err link_init(struct queen *queen); /* ERR_TOPIC */

/* An input that concerns the link or the time. */
void link_step(struct queen *queen, const struct input *input);

/* A message on the queen's own presence topic, and on its reply topic the end marker or what replies to no request of
 * the rules. */
void link_own_presence(struct queen *queen, const struct message *message);
void link_reply(struct queen *queen, const struct message *message);

/* Publishes the goodbye, or leaves at once without a link. */
void link_stop(struct queen *queen);

ms_t link_deadline(const struct queen *queen);

#endif
