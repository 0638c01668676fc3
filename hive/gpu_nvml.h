/* gpu_nvml.h - NVIDIA's GPUs, by the driver's own library (NVML), which is loaded where there is one. Its calls may
 * fail one by one, take seconds, or end the process: gpu_reader.h is the only one to make them. */
#ifndef SKEP_GPU_NVML_H
#define SKEP_GPU_NVML_H

#include "gpu_report.h"

struct nvml;

/* NULL: no library, no driver, or no memory. */
struct nvml *nvml_new(void);
void nvml_free(struct nvml *nvml); /* NULL is fine */

/* Adds its GPUs and the processes that use them; a GPU that does not respond is there by its index. Texts live until
 * the next call. ERR_IO: the driver does not respond. */
enum err nvml_read(struct nvml *nvml, struct gpu_report *report);

#endif
