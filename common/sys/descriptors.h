/* descriptors.h - how many descriptors this process has, and may have. */
#ifndef SKEP_DESCRIPTORS_H
#define SKEP_DESCRIPTORS_H

/* Raises the soft limit to `wanted`, or to the hard one where that is less; returns what it is then. Processes that are
 * started get the one from before: programs that use select have no more than it. At start, from one thread. */
unsigned descriptors_want(unsigned wanted);

/* How many it has, and may have at present; 0 = that cannot be found out. */
unsigned descriptors_open(void);
unsigned descriptors_limit(void);

#endif
