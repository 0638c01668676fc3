/* httpd_rations.h - how much of an HTTP server its clients may have: every number, and why. docs/operations.md has them
 * for people. Addresses are counted as peers (httpd_clients.h). */
#ifndef SKEP_HTTPD_RATIONS_H
#define SKEP_HTTPD_RATIONS_H

/* Time. */
#define HTTPD_TURN_US 2000  /* of a turn of the loop: its other guests wait no longer */
#define HTTPD_RUN_US 250    /* ... between two runs of libmicrohttpd: nobody waits to be accepted for what is queued */
#define HTTPD_STEP_MS 30000 /* and a second for each HTTPD_SLOWEST bytes of an answer */
#define HTTPD_SLOWEST 16384
#define HTTPD_ANSWER_MS 600000

/* Connections: in all, of one peer, and those that only the loopback gets, for health checks of this machine. Where
 * they are used up, one whose client has the next move gives way to a newcomer (httpd_clients.h). */
#define HTTPD_QUEEN_CONNECTIONS 1000
#define HTTPD_QUEEN_CONNECTIONS_PER_PEER 250
#define HTTPD_HIVE_CONNECTIONS 100
#define HTTPD_HIVE_CONNECTIONS_PER_PEER 50
#define HTTPD_AGENT_CONNECTIONS 16 /* all of them of the loopback */
#define HTTPD_LOOPBACK_SPARE 16
#define HTTPD_LEAVING 32 /* may be dropped and still have a descriptor: libmicrohttpd accepts 10 in a row */

/* Descriptors that connections leave for the rest of a daemon: its broker, commands, files. */
#define HTTPD_OTHER_DESCRIPTORS 64

/* Bytes of answers not yet taken, in user space and in the kernel. Each connection may have HTTPD_SHORT of a whole
 * answer, which is not counted, and what is sent of it: so a health check is answered whatever others hold. */
#define HTTPD_SHORT (16u << 10)
#define HTTPD_HELD_MAX (64u << 20)      /* of all peers but the loopback, which may have HTTPD_HELD_PER_PEER besides */
#define HTTPD_HELD_PER_PEER (16u << 20) /* one answer may have more where nothing else waits to be taken */
#define HTTPD_SLICE (64u << 10)         /* held at least for each answer that comes in slices */

/* Of sockets; the kernel takes twice as much. It would take 4 MiB of what a client does not read. */
#define HTTPD_RECEIVE_BUFFER (32 << 10)
#define HTTPD_SEND_BUFFER (16 << 10)
#define HTTPD_SEND_BUFFER_LONG \
    (128 << 10) /* while an answer is longer than HTTPD_SHORT, which HTTPD_SENT is held for */
#define HTTPD_SENT (2u * HTTPD_SEND_BUFFER_LONG)

/* Requests that wait, of each kind (httpd_waits.h), so that long polls for events take nothing from those that wait for
 * verifications: in all, and of one peer a part of the connections that it may have, so that with each kind used up
 * some are left. One that has waited for so long has had its turn. */
#define HTTPD_WAIT_KINDS 3
#define HTTPD_WAITS 256
#define HTTPD_WAITS_PART 3
#define HTTPD_WAIT_TURN_MS 1000

#endif
