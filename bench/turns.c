/* turns.so - measures the turns of a program's libuv loop from outside: LD_PRELOAD=turns.so TURNS_FILE=FILE PROGRAM.
 *
 * A turn is what happens between the return of one epoll_wait of the loop and the next call. FILE (struct turns, shared
 * memory) may be read and zeroed at any time by whoever measures. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BUCKET_NS 100000 /* of the histogram of wall time; the last bucket takes what is longer */
#define BUCKETS 20000

struct turns {
    uint64_t count, cpu_ns, longest_cpu_ns, longest_wall_ns;
    uint32_t wall[BUCKETS];
};

static struct turns *turns;
static int (*real)(int fd, struct epoll_event *events, int max, int timeout);
static int loop_fd = -1; /* libmicrohttpd has an epoll descriptor of its own, and never waits on it */
static uint64_t cpu, wall;

static uint64_t read_clock(clockid_t id)
{
    struct timespec time;
    clock_gettime(id, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void begin(void)
{
    const char *path = getenv("TURNS_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    *(void **)&real = dlsym(RTLD_NEXT, "epoll_wait"); /* POSIX's way to a pointer to a function */
    if (fd < 0 || !real)
        abort();
    turns = mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (turns == MAP_FAILED)
        abort();
    close(fd);
}

static void count_turn(void)
{
    uint64_t took_cpu = read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu, took_wall = read_clock(CLOCK_MONOTONIC) - wall;
    uint64_t bucket = took_wall / BUCKET_NS;
    turns->count++;
    turns->cpu_ns += took_cpu;
    turns->wall[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    if (took_cpu > turns->longest_cpu_ns)
        turns->longest_cpu_ns = took_cpu;
    if (took_wall > turns->longest_wall_ns)
        turns->longest_wall_ns = took_wall;
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    int got;
    if (!turns)
        begin();
    if (loop_fd < 0 && timeout != 0)
        loop_fd = fd;
    if (fd != loop_fd)
        return real(fd, events, max, timeout);
    if (wall)
        count_turn();
    got = real(fd, events, max, timeout);
    cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
    wall = read_clock(CLOCK_MONOTONIC);
    return got;
}
