/* descriptors.h - how many descriptors this process may have. */
#ifndef SKEP_DESCRIPTORS_H
#define SKEP_DESCRIPTORS_H

/* Raises the soft limit to `wanted`, or to the hard one where that is less; returns what it is then. Processes that are
 * started get the one from before: programs that use select have no more than it. At start, from one thread. */
unsigned descriptors_want(unsigned wanted);

#endif
