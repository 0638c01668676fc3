/* tls_fault.h - why TLS failed, in words for people. Pure. */
#ifndef SKEP_TLS_FAULT_H
#define SKEP_TLS_FAULT_H

/* From what the library said: a line of OpenSSL's ("error:0A000418:SSL routines::tlsv1 alert unknown ca"), its text for
 * a certificate that it refuses, or a line of libmosquitto's. What is not known is returned without the numbers and
 * names in front of it, borrowed from `said`. Never empty. */
const char *tls_fault_text(const char *said);

#endif
