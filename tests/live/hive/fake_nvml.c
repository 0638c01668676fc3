/* fake_nvml.c - libnvidia-ml.so.1 for tests. What it does is in the files of the folder that FAKE_NVML names, which are
 * read at every call:
 *
 *     count        number of GPUs; without it the driver is not there
 *     unsupported  exists: no GPU supports anything
 *     missing      exists: each call about a GPU fails, as of one that has fallen off its bus
 *     pids-N       pids that use GPU N, one a line
 *     xids-N       so many XID errors of GPU N have come
 *     hang         seconds that the next count of GPUs takes; once
 *     crash        exists: counting the GPUs ends the process
 *
 * Signatures as in gpu_nvml.c, which has their source. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GPUS_MAX 8

enum {
    SUCCESS = 0,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    INSUFFICIENT_SIZE = 7,
    DRIVER_NOT_LOADED = 9,
    TIMEOUT = 10,
    GPU_IS_LOST = 15
};

struct process {
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
};

struct event {
    void *device;
    unsigned long long type, data;
    unsigned gpu_instance, compute_instance;
};

static char gpus[GPUS_MAX];                   /* their addresses are the handles */
static int waiting[GPUS_MAX], seen[GPUS_MAX]; /* XID errors */
static int is_registered[GPUS_MAX];

int nvmlInit_v2(void);
int nvmlDeviceGetCount_v2(unsigned *ret);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret);
int nvmlDeviceGetUUID(void *device, char *ret, unsigned size);
int nvmlDeviceGetName(void *device, char *ret, unsigned size);
int nvmlDeviceGetUtilizationRates(void *device, unsigned ret[2]);
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long ret[3]);
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *ret);
int nvmlDeviceGetRetiredPages(void *device, int cause, unsigned *count, unsigned long long *ret);
int nvmlDeviceGetComputeRunningProcesses_v2(void *device, unsigned *count, struct process *ret);
int nvmlEventSetCreate(void **ret);
int nvmlDeviceRegisterEvents(void *device, unsigned long long types, void *set);
int nvmlEventSetWait_v2(void *set, struct event *ret, unsigned timeout_ms);

static FILE *open_file(const char *name, int number)
{
    const char *folder = getenv("FAKE_NVML");
    char path[4096];
    if (number >= 0)
        snprintf(path, sizeof path, "%s/%s-%d", folder ? folder : "", name, number);
    else
        snprintf(path, sizeof path, "%s/%s", folder ? folder : "", name);
    return fopen(path, "r");
}

/* -1: no such file. */
static int number_in(const char *name, int number)
{
    FILE *file = open_file(name, number);
    char text[32] = "";
    if (!file)
        return -1;
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    fclose(file);
    return atoi(text);
}

static int refusal(void)
{
    return number_in("missing", -1) >= 0 ? GPU_IS_LOST : number_in("unsupported", -1) >= 0 ? NOT_SUPPORTED : SUCCESS;
}

static int index_of(const void *device)
{
    return (int)((const char *)device - gpus);
}

int nvmlInit_v2(void)
{
    return number_in("count", -1) >= 0 ? SUCCESS : DRIVER_NOT_LOADED;
}

int nvmlDeviceGetCount_v2(unsigned *ret)
{
    int seconds = number_in("hang", -1);
    char path[4096];
    if (number_in("crash", -1) >= 0)
        raise(SIGKILL); /* as SIGSEGV, which sanitizers catch */
    if (seconds > 0) {
        snprintf(path, sizeof path, "%s/hang", getenv("FAKE_NVML"));
        unlink(path);
        sleep((unsigned)seconds);
    }
    *ret = (unsigned)number_in("count", -1);
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret)
{
    if (index >= GPUS_MAX)
        return INVALID_ARGUMENT;
    *ret = &gpus[index];
    return number_in("missing", -1) >= 0 ? GPU_IS_LOST : SUCCESS;
}

int nvmlDeviceGetUUID(void *device, char *ret, unsigned size)
{
    snprintf(ret, size, "GPU-%08x-fake", index_of(device));
    return refusal();
}

int nvmlDeviceGetName(void *device, char *ret, unsigned size)
{
    (void)device;
    snprintf(ret, size, "Fake H100");
    return refusal();
}

int nvmlDeviceGetUtilizationRates(void *device, unsigned ret[2])
{
    ret[0] = 10 * (unsigned)index_of(device) + 5;
    ret[1] = 100;
    return refusal();
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long ret[3])
{
    ret[0] = 80ULL << 30;
    ret[2] = (unsigned long long)(index_of(device) + 1) << 30;
    ret[1] = ret[0] - ret[2];
    return refusal();
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *ret)
{
    *ret = 40 + (unsigned)index_of(device);
    return sensor == 0 ? refusal() : INVALID_ARGUMENT;
}

int nvmlDeviceGetRetiredPages(void *device, int cause, unsigned *count, unsigned long long *ret)
{
    (void)device, (void)cause, (void)ret;
    *count = 1;
    return refusal() == SUCCESS ? INSUFFICIENT_SIZE : refusal();
}

int nvmlDeviceGetComputeRunningProcesses_v2(void *device, unsigned *count, struct process *ret)
{
    FILE *file = open_file("pids", index_of(device));
    unsigned room = *count;
    char line[32];
    *count = 0;
    while (file && *count < room && fgets(line, sizeof line, file))
        ret[(*count)++] = (struct process){ .pid = (unsigned)atoi(line), .gpu_instance = ~0U, .compute_instance = ~0U };
    if (file)
        fclose(file);
    return refusal();
}

int nvmlEventSetCreate(void **ret)
{
    *ret = waiting;
    return SUCCESS;
}

int nvmlDeviceRegisterEvents(void *device, unsigned long long types, void *set)
{
    if (set != waiting || types != 8)
        return INVALID_ARGUMENT;
    if (number_in("xids", index_of(device)) < 0)
        return NOT_SUPPORTED;
    is_registered[index_of(device)] = 1;
    return refusal();
}

int nvmlEventSetWait_v2(void *set, struct event *ret, unsigned timeout_ms)
{
    if (set != waiting || timeout_ms > 0)
        return INVALID_ARGUMENT;
    for (int i = 0; i < GPUS_MAX; i++) {
        waiting[i] = is_registered[i] ? number_in("xids", i) : 0;
        if (waiting[i] <= seen[i])
            continue;
        seen[i]++;
        *ret = (struct event){ .device = &gpus[i], .type = 8, .data = 79 };
        return SUCCESS;
    }
    return TIMEOUT;
}
