/* rations.h - the table of rations: what one hive may have of what all hives share, each number with its reason.
 *
 * Where something is bounded in all (--max-workers, --max-state, TOMBSTONES_MAX), no hive has a limit of its own: when
 * it is full, the one that has most of it gives up something (share.h). docs/security.md has the same table for people.
 */
#ifndef SKEP_RATIONS_H
#define SKEP_RATIONS_H

/* A worker or hive is established, and no longer hardly alive, once two live signs are an interval apart (1 s at
 * least), or that long if the interval is longer or not declared: what sends once and never again is not. */
#define RATION_ESTABLISHED_MS 30000

/* Where most of a hive is hardly alive, it begins, or is a flood: but not while it has less than one such part of an
 * equal share of --max-workers, so that who comes while others fill the registry gets in, and so does its document.
 * Where more than such a part of all are hardly alive, and no hive has such a part of those, somebody makes up hives,
 * and their names say nothing. And who said goodbye is of one of many hives if those have such a part of all who are
 * lost at most. */
#define RATION_SMALL_PART 16

/* Who was forgotten or evicted waits for that to be announced: so many of such parts of --max-workers besides, for a
 * while. What is more takes from the workers that its own hive may have. */
#define RATION_ENDS_PART 16

/* So long a hardly alive one that is not lost must have been silent to make room for another of its own hive, or where
 * hives say nothing because they are so many. If who is heard just now did, those that are too many would push each
 * other out for ever, with two events each time. */
#define RATION_SILENT_MS 60000

/* Who is lost for so long makes room for anybody: whoever mends it has seen it by then. And so many of each list are
 * considered for one message. */
#define RATION_DOWN_MS (60 * 60 * 1000)
#define RATION_SCANNED 64

/* Documents that are dropped for one message: about 30 us. */
#define RATION_DROPS 64

/* Messages of a hive, while more arrives than the queen reads for longer than RATION_BEHIND_MS and others are there,
 * too: bytes at once, then a second, and for each established worker, at most. Each counts RATION_READ_EACH more than
 * it has: a byte takes 2 to 6 ns, so one hive gets a fifth of the time. Those beyond are not read, from then on for
 * RATION_READ_MS, or until the hive could send as many at once as before. Births, deaths and witnesses do not count up
 * to RATION_READ_FREE, twice what they have with long names and endpoints. */
#define RATION_BEHIND_MS 50
#define RATION_READ_MS 60000
#define RATION_READ (4 << 20)
#define RATION_READ_PER_S (2 << 20)
#define RATION_READ_EACH_PER_S (2 << 10)
#define RATION_READ_MAX_PER_S (32 << 20)
#define RATION_READ_EACH 512
#define RATION_READ_FREE 1024

/* Behind for so long: health says that what the queen says is late. */
#define RATION_BEHIND_WARN_MS 1000

/* Different statuses and models of a hive that are kept as words: a fleet has tens. Those beyond are found in the
 * documents, which costs time, not truth. */
#define RATION_WORDS_MAX 256

/* Announced changes of a hive (announcing.h). At once: a fleet that starts, or comes back, is announced without delay,
 * and so is its death. Then so many a second. Who is established has as many at once besides, and then one a second and
 * as many as let each change once in a minute: those who come and go use up nothing of that. */
#define RATION_NEWS 10000
#define RATION_NEWS_PER_S 10
#define RATION_NEWS_EACH_S 60

/* Five announced changes of one worker are enough for so long: after them it is called flapping, and its state is
 * announced when that time is over. */
#define RATION_REST_MS 10000

/* Topics that live copies of a hive's forgotten workers have cleared: at once, then a second. The broker hands over
 * its stored copies once in a link, so those need no ration. */
#define RATION_CLEARS 1000
#define RATION_CLEARS_PER_S 10

/* Verifications of a hive's workers that wait, of each class (verify.h): a minute of the budget of all, after which
 * silence has decided. One more is refused. */
#define RATION_VERIFICATIONS 3000

/* One that is to run needs so many times fewer of its hive's that run than are free: a single hive gets three quarters
 * of VERIFY_RUNNING, several get equal parts, and some are always free for who has none. */
#define RATION_VERIFYING_PART 3

/* Health says `warn` for so long after something was given up or refused. */
#define RATION_WARN_MS (10 * 60 * 1000)

/* Of one name in many hives, so many are listed where a name alone is ambiguous. */
#define RATION_CANDIDATES 100

#endif
