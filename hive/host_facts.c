#include "host_facts.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "host_text.h"
#include "proc.h"

struct hive_host host_facts_read(void)
{
    char bytes[PROC_FILE_SIZE];
    struct hive_host host = { 0 };
    struct text meminfo = proc_read_file("/proc/meminfo", bytes);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    if (getloadavg(&host.load1, 1) != 1)
        host.load1 = NAN;
    host.load1 = rint(host.load1 * 100) / 100; /* as /proc/loadavg has it */
    host.cpus = cpus > 0 ? cpus : INT_ABSENT;
    host.memory_total = host_memory(meminfo, "MemTotal");
    host.memory_available = host_memory(meminfo, "MemAvailable");
    return host;
}
