/* gpu_reader.h - the process that reads the GPUs, on the hive's behalf: skep-hive itself, executed again under the name
 * below. Drivers' code runs here and nowhere else:
 *
 * - a call that hangs in the kernel cannot be ended, nor can the process that makes it: as a thread of the hive, also
 *   one of libuv's pool, it would keep the hive from stopping and being started again;
 * - a call that crashes, or corrupts memory, does so here;
 * - drivers' libraries print, start threads and keep memory: the hive has none of it.
 *
 * A datagram of one byte on standard input requests a report (gpu_report.h), which is one datagram back. It ends with
 * its hive: 0 also where there is no GPU, 1 when a driver does not respond any more. */
#ifndef SKEP_GPU_READER_H
#define SKEP_GPU_READER_H

#define GPU_READER_NAME "skep-gpu"

/* `root` as gpu_amd_read has it. The exit code. */
int gpu_reader_run(const char *root);

#endif
