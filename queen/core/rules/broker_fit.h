/* broker_fit.h - whether the broker serves: what it lacks by what CONNACK says, by what becomes of the subscriptions,
 * and by a probe: a subscription with a wildcard must bring what the queen has stored itself. Each lack is one sentence
 * with its remedy, in the log when it begins and in /health. */
#ifndef SKEP_BROKER_FIT_H
#define SKEP_BROKER_FIT_H

#include "health.h"
#include "queen_state.h"

/* FAIL: nothing can be judged with it; WARN: it is worse than it could be. The gravest lack as half a sentence, which
 * is empty for PASS. Without a link it is that of the one before. */
enum health_status broker_fit(const struct queen *queen, struct errbuf *ret);

/* What became of a live subscription, as SUBACK has it. */
void broker_fit_subscribed(struct queen *queen, const char *filter, uint8_t reason);

/* A message on the presence topic of the queen `id`. */
void broker_fit_presence(struct queen *queen, struct text id, const struct message *message);

/* LINK_UP, LINK_DOWN, LINK_FAILED, SUBSCRIBED, TICK; others change nothing. */
void broker_fit_step(struct queen *queen, const struct input *input);

ms_t broker_fit_deadline(const struct queen *queen);

#endif
