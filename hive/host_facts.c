#include "host_facts.h"

#include <unistd.h>

#include "host_text.h"
#include "proc.h"

struct hive_host host_facts_read(void)
{
    char bytes[PROC_FILE_SIZE];
    struct hive_host host = { .load1 = host_load1(proc_read_file("/proc/loadavg", bytes)) };
    struct text meminfo = proc_read_file("/proc/meminfo", bytes);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    host.cpus = cpus > 0 ? cpus : INT_ABSENT;
    host.memory_total = host_memory(meminfo, "MemTotal");
    host.memory_available = host_memory(meminfo, "MemAvailable");
    return host;
}
