/* hive_link.h - the hive's own connection: birth and will, subscriptions, healing, goodbye. */
#ifndef SKEP_HIVE_LINK_H
#define SKEP_HIVE_LINK_H

#include "hive_state.h"

void hive_link_connecting(struct hive *hive);
void hive_link_up(struct hive *hive);
void hive_link_down(struct hive *hive);
void hive_link_subscribed(struct hive *hive, uint64_t token, uint8_t reason);

/* A message on the hive's own presence topic; empty payload: cleared. */
void hive_link_own_presence(struct hive *hive, const struct message *message);

/* A verdict on the hive: told that it is down, it beats at once. */
void hive_link_verdict(struct hive *hive, struct text payload);

/* Publishes the goodbye, or leaves at once where nobody would hear it; and it was acknowledged, or need not be. */
void hive_link_goodbye(struct hive *hive);
void hive_link_leave(struct hive *hive);

/* What is due by now: healing, the heartbeat, the end of the wait for the goodbye. And when that is next. */
void hive_link_tick(struct hive *hive);
ms_t hive_link_deadline(const struct hive *hive);

#endif
