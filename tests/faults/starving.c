/* starving.so - for LD_PRELOAD: every N-th allocation of the program fails, N being what the file named by
 * SKEP_STARVING_FILE holds at that moment as an unsigned of this machine; 0 = none. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static const volatile unsigned *every;
static unsigned count;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SKEP_STARVING_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *shared = fd >= 0 ? mmap(NULL, sizeof *every, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (shared != MAP_FAILED)
        every = shared;
    if (fd >= 0)
        close(fd);
}

static int fails(void)
{
    unsigned n = every ? *every : 0;
    if (n == 0 || __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) % n != 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}
