/* failing_memory.h - allocations that fail: they stand before the C library's where the library of this name is linked.
 */
#ifndef TEST_FAILING_MEMORY_H
#define TEST_FAILING_MEMORY_H

/* The `which`th allocation from now on fails; 0 = none. How many there were since the call before. */
unsigned memory_fail(unsigned which);

#endif
