/* speaker [drop|fork|daemon] DATAGRAM... - a program that speaks the sd_notify protocol: sends each argument to
 * $NOTIFY_SOCKET, prints its pid, and waits to be ended. `drop`: as another user. `fork`: names its child as its main
 * process and ends; `daemon`: the same in a session of its own, It prints the
 * child's pid then. A BARRIER=1 comes with a pipe, and it goes on when
 * that is closed. `speaker repeat DATAGRAM` sends the same again and again. */
#include <grp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534

static int fd;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len;

static int find_socket(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (!name || strlen(name) >= sizeof address.sun_path || fd < 0)
        return 0;
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = 0;
    address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    return 1;
}

static int send_text(const char *text)
{
    return sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&address, address_len) >= 0;
}

static int send_barrier(void)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iovec = { (char *)"BARRIER=1", strlen("BARRIER=1") };
    struct msghdr header = { .msg_name = &address,
                             .msg_namelen = address_len,
                             .msg_iov = &iovec,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control };
    struct cmsghdr *part = CMSG_FIRSTHDR(&header);
    int ends[2];
    char byte;
    memset(&control, 0, sizeof control);
    if (pipe(ends) != 0)
        return 0;
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &ends[1], sizeof(int));
    if (sendmsg(fd, &header, 0) < 0)
        return 0;
    close(ends[1]);
    return read(ends[0], &byte, 1) == 0;
}

/* Returns in the child. */
static void hand_over(int leaves)
{
    char line[32];
    pid_t child = fork();
    if (child > 0) {
        snprintf(line, sizeof line, "MAINPID=%d", (int)child);
        _exit(send_text(line) ? 0 : 2);
    }
    if (leaves)
        (void)setsid();
}

int main(int argc, char **argv)
{
    int first = 1;
    if (!find_socket())
        return 1;
    if (argc > 1 && strcmp(argv[1], "drop") == 0) {
        first = 2;
        if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
            return 3;
    }
    if (argc > 1 && (strcmp(argv[1], "fork") == 0 || strcmp(argv[1], "daemon") == 0)) {
        first = 2;
        hand_over(strcmp(argv[1], "daemon") == 0);
    }
    for (int i = first; i < argc; i++)
        if (!(strcmp(argv[i], "BARRIER=1") == 0 ? send_barrier() : send_text(argv[i])))
            return 2;
    printf("%d\n", (int)getpid());
    fflush(stdout);
    while (argc == 3 && strcmp(argv[1], "repeat") == 0) {
        (void)send_text(argv[2]);
        usleep(50000);
    }
    for (;;)
        pause();
}
