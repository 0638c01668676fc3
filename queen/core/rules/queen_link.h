/* queen_link.h - the queen's own connection: birth and will, subscriptions, the snapshot with its end marker, healing.
 */
#ifndef SKEP_QUEEN_LINK_H
#define SKEP_QUEEN_LINK_H

#include "queen_state.h"

void link_connecting(struct queen *queen);
void link_up(struct queen *queen);
void link_down(struct queen *queen);
void link_subscribed(struct queen *queen, uint64_t token, uint8_t reason);

/* The end marker came back on the reply topic. True if it ends the snapshot. */
bool link_marked(struct queen *queen, uint64_t token);

/* A message on the queen's own presence topic; empty payload: cleared. */
void link_own_presence(struct queen *queen, struct text payload);

/* Says goodbye; and the goodbye was acknowledged. */
void link_stop(struct queen *queen);
void link_goodbye_acked(struct queen *queen);

/* What is due by now: the marker again, healing, the end of the wait for the goodbye. And when that is next. */
void link_tick(struct queen *queen);
ms_t link_deadline(const struct queen *queen);

#endif
