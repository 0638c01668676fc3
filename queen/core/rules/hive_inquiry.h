/* hive_inquiry.h - R10: when workers of a hive are lost, is it there itself? It is asked for a heartbeat, before which
 * it publishes what it has seen of its processes. One question at a time for each hive, for all that were lost before
 * it was sent (inquiry.h).
 *
 * Without a subscriber, twice, or without a reply HIVE_REPLY_MS and two connects after the broker has taken it, the
 * hive is suspect; and whoever waits goes on waiting, for what is found out about it. */
#ifndef SKEP_HIVE_INQUIRY_H
#define SKEP_HIVE_INQUIRY_H

#include "queen_state.h"

/* Sends the next question, if somebody waits for one and the hive is to be asked. */
void hive_inquiry_send(struct queen *queen, struct hive_watch *watch);

/* What came of one: NULL, or the hive that has answered: the caller judges it (judge_ready). */
struct record *hive_inquiry_answered(struct queen *queen, const struct answer *answer);

/* The state of the hive says enough, or there is no hive any more: nobody waits for it. */
void hive_inquiry_end(struct queen *queen, struct hive_watch *watch);

/* Who waited is held (loss_link_lost). */
void hive_inquiry_link_lost(struct queen *queen);

#endif
