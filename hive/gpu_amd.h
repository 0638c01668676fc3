/* gpu_amd.h - AMD's GPUs, by what the driver amdgpu shows in /sys. */
#ifndef SKEP_GPU_AMD_H
#define SKEP_GPU_AMD_H

#include "gpu_report.h"

/* Adds those below `root` (""; a test has its own), in the order of their cards. A file that cannot be read is an
 * absent value. The processes that use one are not known. Texts live in the arena. */
void gpu_amd_read(const char *root, struct arena *arena, struct gpu_report *report);

#endif
