#include "gpu_nvml.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libnvidia-ml.so.1"
#define TEXT_SIZE 96       /* NVML_DEVICE_UUID_V2_BUFFER_SIZE, NVML_DEVICE_NAME_V2_BUFFER_SIZE */
#define PROCESSES_MAX 1024 /* of one GPU */
#define EVENTS_MAX 1000    /* in one look */

/* Values and layouts of nvml.h, as NVML 12.2.140 has them (the package cuda-nvml-dev); NVML changes neither, but adds
 * calls with another number at the end of their name. */
enum nvml_return { NVML_SUCCESS = 0, NVML_ERROR_INSUFFICIENT_SIZE = 7 };
enum { NVML_TEMPERATURE_GPU = 0 };
enum { NVML_RETIRED_FOR_SINGLE_BIT_ERRORS = 0, NVML_RETIRED_FOR_DOUBLE_BIT_ERROR = 1 };
#define NVML_EVENT_XID 8ULL /* nvmlEventTypeXidCriticalError */

struct nvml_utilization {
    unsigned gpu, memory; /* percent */
};

struct nvml_memory {
    unsigned long long total, free, used; /* bytes */
};

/* nvmlProcessInfo_v2_t. Version 3 of the call has it as well, but not in each driver of the branch 535, where 8 bytes
 * more follow: so version 2 goes first. */
struct nvml_process {
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
};

struct nvml_event {
    void *device;
    unsigned long long type, data;
    unsigned gpu_instance, compute_instance;
};

/* X(member, symbol, parameters): each may be missing, and each may fail. */
#define NVML_CALLS(X)                                                                                                  \
    X(init, "nvmlInit_v2", (void))                                                                                     \
    X(device_count, "nvmlDeviceGetCount_v2", (unsigned *ret))                                                          \
    X(device_at, "nvmlDeviceGetHandleByIndex_v2", (unsigned index, void **ret))                                        \
    X(uuid, "nvmlDeviceGetUUID", (void *device, char *ret, unsigned size))                                             \
    X(name, "nvmlDeviceGetName", (void *device, char *ret, unsigned size))                                             \
    X(utilization, "nvmlDeviceGetUtilizationRates", (void *device, struct nvml_utilization *ret))                      \
    X(memory, "nvmlDeviceGetMemoryInfo", (void *device, struct nvml_memory *ret))                                      \
    X(temperature, "nvmlDeviceGetTemperature", (void *device, int sensor, unsigned *ret))                              \
    X(retired, "nvmlDeviceGetRetiredPages", (void *device, int cause, unsigned *count, unsigned long long *ret))       \
    X(remapped, "nvmlDeviceGetRemappedRows",                                                                           \
      (void *device, unsigned *corrected, unsigned *uncorrected, unsigned *is_pending, unsigned *has_failed))          \
    X(processes, "nvmlDeviceGetComputeRunningProcesses_v2", (void *device, unsigned *count, struct nvml_process *ret)) \
    X(processes_v3, "nvmlDeviceGetComputeRunningProcesses_v3",                                                         \
      (void *device, unsigned *count, struct nvml_process *ret))                                                       \
    X(event_set_new, "nvmlEventSetCreate", (void **ret))                                                               \
    X(event_register, "nvmlDeviceRegisterEvents", (void *device, unsigned long long types, void *set))                 \
    X(event_wait, "nvmlEventSetWait_v2", (void *set, struct nvml_event *ret, unsigned timeout_ms))

struct device {
    void *handle;
    bool is_registered; /* its XID errors are counted */
    int64_t xids;
    char uuid[TEXT_SIZE], name[TEXT_SIZE];
};

struct nvml {
    void *library;
    void *events; /* a set; NULL = none */
    struct device devices[MSG_GPUS_MAX];
    struct nvml_process users[2 * PROCESSES_MAX]; /* room for those 8 bytes */
#define X(member, symbol, parameters) enum nvml_return(*member) parameters;
    NVML_CALLS(X)
#undef X
};

#define CALL(nvml, member, ...) ((nvml)->member ? (nvml)->member(__VA_ARGS__) : (enum nvml_return) - 1)
#define WORKS(nvml, member, ...) (CALL(nvml, member, __VA_ARGS__) == NVML_SUCCESS)

/* A pointer to a function, as POSIX has dlsym return it. */
static void find(struct nvml *nvml, const char *symbol, void *ret)
{
    void *found = dlsym(nvml->library, symbol);
    memcpy(ret, &found, sizeof found);
}

static void find_all(struct nvml *nvml)
{
#define X(member, symbol, parameters) find(nvml, symbol, &nvml->member);
    NVML_CALLS(X)
#undef X
    if (!nvml->processes)
        nvml->processes = nvml->processes_v3;
}

struct nvml *nvml_new(void)
{
    struct nvml *nvml = calloc(1, sizeof *nvml);
    if (!nvml)
        return NULL;
    nvml->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (nvml->library)
        find_all(nvml);
    if (!nvml->init || nvml->init() != NVML_SUCCESS) {
        nvml_free(nvml);
        return NULL;
    }
    if (!WORKS(nvml, event_set_new, &nvml->events))
        nvml->events = NULL;
    return nvml;
}

/* The library stays: what it has begun may not survive being taken away. */
void nvml_free(struct nvml *nvml)
{
    free(nvml);
}

/* Printable, so that it has no more bytes in the report. */
static const char *printable(char text[TEXT_SIZE])
{
    char raw[TEXT_SIZE];
    memcpy(raw, text, sizeof raw);
    raw[sizeof raw - 1] = '\0';
    text_to_printable(text_of(raw), text, TEXT_SIZE);
    return text;
}

static int64_t bytes_of(unsigned long long bytes)
{
    return bytes <= (unsigned long long)MSG_INT_MAX ? (int64_t)bytes : INT_ABSENT;
}

/* XID errors since the last look. An error of the wait, such as a GPU that was lost, ends it. */
static void count_events(struct nvml *nvml)
{
    struct nvml_event event = { 0 };
    for (int i = 0; nvml->events && i < EVENTS_MAX && WORKS(nvml, event_wait, nvml->events, &event, 0); i++)
        for (struct device *device = nvml->devices; device < nvml->devices + MSG_GPUS_MAX; device++)
            device->xids += device->handle == event.device && (event.type & NVML_EVENT_XID);
}

/* With no room for addresses the call reports how many there are. */
static bool count_retired(struct nvml *nvml, void *handle, int cause, int64_t *sum)
{
    unsigned long long address;
    unsigned count = 0;
    enum nvml_return result = CALL(nvml, retired, handle, cause, &count, &address);
    *sum += count;
    return result == NVML_SUCCESS || result == NVML_ERROR_INSUFFICIENT_SIZE;
}

static int64_t errors_of(struct nvml *nvml, const struct device *device)
{
    unsigned corrected, uncorrected, is_pending, has_failed;
    int64_t sum = 0;
    if (device->is_registered)
        return device->xids;
    if (WORKS(nvml, remapped, device->handle, &corrected, &uncorrected, &is_pending, &has_failed))
        return (int64_t)corrected + uncorrected;
    if (count_retired(nvml, device->handle, NVML_RETIRED_FOR_SINGLE_BIT_ERRORS, &sum) &&
        count_retired(nvml, device->handle, NVML_RETIRED_FOR_DOUBLE_BIT_ERROR, &sum))
        return sum;
    return INT_ABSENT;
}

static void read_facts(struct nvml *nvml, struct device *device, struct gpu *ret)
{
    struct nvml_utilization utilization;
    struct nvml_memory memory;
    unsigned degrees;
    if (WORKS(nvml, uuid, device->handle, device->uuid, TEXT_SIZE))
        ret->uuid = printable(device->uuid);
    if (WORKS(nvml, name, device->handle, device->name, TEXT_SIZE))
        ret->name = printable(device->name);
    if (WORKS(nvml, utilization, device->handle, &utilization) && utilization.gpu <= 100)
        ret->utilization = utilization.gpu / 100.0;
    if (WORKS(nvml, memory, device->handle, &memory)) {
        ret->memory_used_bytes = bytes_of(memory.used);
        ret->memory_total_bytes = bytes_of(memory.total);
    }
    if (WORKS(nvml, temperature, device->handle, NVML_TEMPERATURE_GPU, &degrees) && degrees <= 1000)
        ret->temperature_c = degrees;
    ret->errors = errors_of(nvml, device);
}

static void read_processes(struct nvml *nvml, void *handle, int64_t index, struct gpu_report *report)
{
    unsigned count = PROCESSES_MAX;
    if (!WORKS(nvml, processes, handle, &count, nvml->users) || count > PROCESSES_MAX)
        return;
    gpu_report_add_user(report, index, 0);
    for (unsigned i = 0; i < count; i++)
        if (nvml->users[i].pid > 0)
            gpu_report_add_user(report, index, nvml->users[i].pid);
}

/* A handle is that of the same GPU for as long as the library is loaded. */
static void take_handle(struct nvml *nvml, struct device *device, void *handle)
{
    if (device->handle == handle)
        return;
    *device = (struct device){ .handle = handle };
    device->is_registered = nvml->events && WORKS(nvml, event_register, handle, NVML_EVENT_XID, nvml->events);
}

enum err nvml_read(struct nvml *nvml, struct gpu_report *report)
{
    unsigned count;
    if (!WORKS(nvml, device_count, &count))
        return ERR_IO;
    count_events(nvml);
    for (unsigned i = 0; i < count && i < MSG_GPUS_MAX; i++) {
        struct gpu *gpu = gpu_report_add(report);
        void *handle;
        if (!gpu || !WORKS(nvml, device_at, i, &handle))
            continue;
        take_handle(nvml, &nvml->devices[i], handle);
        read_facts(nvml, &nvml->devices[i], gpu);
        read_processes(nvml, handle, gpu->index, report);
    }
    return OK;
}
