/* broker.h - a real mosquitto of a test's own: a free loopback port, a config and a log in a folder under the temporary
 * folder. It dies with the test. Functions that fail say why on stderr. */
#ifndef TEST_BROKER_H
#define TEST_BROKER_H

#include <stdbool.h>

struct broker;

/* Starts one and waits until it accepts. Anonymous, max_queued_messages 0, persistence into its folder only when asked
 * for by `config`: more lines of mosquitto.conf in which every `@DIR@` is replaced by the folder and every `@PORT@` by
 * the port; NULL = none. A config that has a `listener` of its own gets no default one. NULL on failure. */
struct broker *broker_start(const char *config);

/* As above, but in the folder that broker_folder_new made and that the test has put files into (taken). */
struct broker *broker_start_in(char *folder, const char *config);
char *broker_folder_new(void); /* the caller frees it, or hands it to broker_start_in; NULL on failure */

void broker_free(struct broker *broker); /* kills it and removes its folder; NULL is fine */

int broker_port(const struct broker *broker);
const char *broker_uri(const struct broker *broker);    /* mqtt://127.0.0.1:port */
const char *broker_folder(const struct broker *broker); /* for password files, persistence and the like */

void broker_stop(struct broker *broker);    /* SIGTERM, and waits for its end */
void broker_kill(struct broker *broker);    /* SIGKILL, and waits for its end */
bool broker_restart(struct broker *broker); /* after stop or kill: same port, same config; waits until it accepts */
void broker_pause(struct broker *broker);   /* SIGSTOP: links stay, nothing answers */
void broker_resume(struct broker *broker);

/* Prints the broker's log to stderr, for a test that failed. */
void broker_print_log(const struct broker *broker);

#endif
