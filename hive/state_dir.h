/* state_dir.h - the folder in which a hive writes down which agents run, and which jobs have ended: a file for each,
 * NAME.agent.
 *
 * Files are replaced as a whole. They are not synced, so that no turn of the loop waits for a disk: after a crash of
 * the machine no agent runs, and what is read then is known by its boot id, or by having lost its bytes; a job that
 * ended in the last seconds before may be started again. */
#ifndef SKEP_STATE_DIR_H
#define SKEP_STATE_DIR_H

#include "name.h"
#include "state_text.h"

struct state_dir;

/* Makes the folder if need be (not its parents), and locks it. ERR_REFUSED: somebody else could write there, or it is a
 * link; ERR_CONFLICT: another hive has it; ERR_IO. Each with a sentence, and OK, too, where its group could write
 * there, which it takes away. */
enum err state_dir_open(const char *path, struct state_dir **ret, struct errbuf *e);
void state_dir_free(struct state_dir *dir);
DEFINE_AUTO_FREE(state_dir)

/* Whether a hive would take it, as far as reading it tells; makes, locks and changes nothing. The errors of
 * state_dir_open and state_dir_read but ERR_CONFLICT, with a sentence. */
enum err state_dir_check(const char *path, struct errbuf *e);

typedef enum err state_dir_record(void *user, const char *worker, const struct agent_record *record, struct errbuf *e);

/* Calls `fn` for every agent that was running when its record was written, in this run of the machine, and for every
 * job that has ended; removes the records of agents of earlier runs. Without `fn` it only reads. An error of `fn` ends
 * the reading. A file that a hive has not written: ERR_SYNTAX with a sentence. ERR_IO. One that its group could write
 * counts as of an earlier run: OK with a sentence. */
enum err state_dir_read(struct state_dir *dir, state_dir_record *fn, void *user, struct errbuf *e);

/* Sets the record's boot id. ERR_IO, ERR_NOMEM with a sentence. */
enum err state_dir_save(struct state_dir *dir, const char *worker, struct agent_record record, struct errbuf *e);
void state_dir_forget(struct state_dir *dir, const char *worker);

#endif
