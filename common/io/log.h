/* log.h - one line per call on stderr: human on a terminal, logfmt otherwise, JSON on request.
 *
 * Values are made printable; nothing received is trusted. Called from the loop's thread only, which never waits for
 * whoever reads the log: of what is not read the latest 64 KiB are kept, and how many lines were dropped is a line of
 * its own once it is read again. */
#ifndef SKEP_LOG_H
#define SKEP_LOG_H

#include "text.h"

/* X(symbol, name, priority as syslog(3) numbers them, colour on a terminal) */
#define LOG_LEVELS(X)                    \
    X(ERROR, "error", 3, "\033[31m")     \
    X(WARNING, "warning", 4, "\033[33m") \
    X(INFO, "info", 6, "\033[32m")       \
    X(DEBUG, "debug", 7, "\033[2m")
#define X(symbol, ...) LOG_##symbol,
enum log_level { LOG_LEVELS(X) LOG_LEVEL_COUNT };
#undef X

/* `format`: "auto" (human on a terminal, logfmt else), "logfmt" or "json"; a `level` of LOG_LEVELS. With
 * $JOURNAL_STREAM pointing at stderr lines get a <N> prefix and no time. Colours only on a terminal, unless NO_COLOR is
 * set or TERM is dumb. `component` is borrowed for good. Before it is called: logfmt, info. */
void log_setup(const char *component, const char *format, const char *level);

/* `fn` (NULL: nobody) is called when lines wait for a reader, and calls log_flush a while later. */
void log_on_waiting(void (*fn)(void));
void log_flush(void);

/* A reader that is slow has another moment for what waits; what it does not take is lost. */
void log_close(void);

/* log_at(LOG_INFO, "connected", "broker", uri, NULL): a message, then pairs of key and value, ended by NULL. A NULL
 * value leaves its pair out. Long values and lines are cut visibly. */
void log_at(enum log_level level, const char *message, ...) __attribute__((sentinel));

/* For lines that hostile input can cause: at most `burst` per `every` ms (0: 5, 60,000). One for each kind of line. */
struct log_limit {
    unsigned burst;
    ms_t every;
    ms_t since; /* zero at first, like what follows */
    unsigned used, skipped;
};

/* log_at, or nothing where that would be too often: then false. The next line shows how many were left out. */
bool log_limited(struct log_limit *limit, enum log_level level, const char *message, ...) __attribute__((sentinel));

/* The decision alone; when it is true, how many were left out before it is put into *ret_skipped. */
bool log_allowed(struct log_limit *limit, unsigned *ret_skipped);

#endif
