/* memory.h - allocations that fail, for targets that are linked with FUZZ_MEMORY (CMakeLists.txt). */
#ifndef SKEP_FUZZ_MEMORY_H
#define SKEP_FUZZ_MEMORY_H

/* The `which`th allocation from now on fails; 0 = none. */
void memory_fail(unsigned which);

#endif
