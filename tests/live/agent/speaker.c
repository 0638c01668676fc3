/* speaker DATAGRAM... - a program that speaks the sd_notify protocol: sends each argument to $NOTIFY_SOCKET, says its
 * pid on its standard output, and waits to be ended. `speaker repeat DATAGRAM` says the same again and again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (!path || strlen(path) >= sizeof address.sun_path || fd < 0)
        return 1;
    strcpy(address.sun_path, path);
    for (int i = 1; i < argc; i++)
        if (sendto(fd, argv[i], strlen(argv[i]), 0, (const struct sockaddr *)&address, sizeof address) < 0)
            return 2;
    printf("%d\n", (int)getpid());
    fflush(stdout);
    while (argc == 3 && strcmp(argv[1], "repeat") == 0) {
        sendto(fd, argv[2], strlen(argv[2]), 0, (const struct sockaddr *)&address, sizeof address);
        usleep(50000);
    }
    for (;;)
        pause();
}
