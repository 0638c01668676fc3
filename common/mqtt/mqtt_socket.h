/* mqtt_socket.h - what the socket of a connection tells where libmosquitto does not, and what the kernel is told about
 * it. Part of mqtt_session. */
#ifndef SKEP_MQTT_SOCKET_H
#define SKEP_MQTT_SOCKET_H

#include "base.h"

/* TCP is connected (*ret_fault 0), or has failed (an errno). False: neither yet. */
bool mqtt_socket_has_connected(int fd, int *ret_fault);

/* What has come and was not read yet, `size` bytes of it at most; 0: nothing. */
size_t mqtt_socket_peek(int fd, char *ret, size_t size);

/* The other side has closed it (*ret_fault 0), or it has failed (an errno). False: it is open, read or not. */
bool mqtt_socket_has_ended(int fd, int *ret_fault);

bool mqtt_socket_is_readable(int fd);

/* What was read is acknowledged now. A broker that leaves Nagle's algorithm on holds a packet back until the one before
 * is acknowledged, and the kernel delays that by 40 ms. The kernel forgets this wish as it goes, hence every turn. */
void mqtt_socket_acknowledge(int fd);

/* The kernel calls it readable once it has so many bytes (or has ended), so that a watch of it can stay as it is. */
void mqtt_socket_wake_at(int fd, int bytes);

/* The kernel takes in as much as it ever does of what has not been read yet: a broker drops what a subscriber has no
 * room for. Of 50,000 stored messages a mosquitto with its default limits dropped 33,000, and none with this. */
void mqtt_socket_widen(int fd);

/* What is written while it is held goes out in full segments, and the rest once it is not: to send a segment for each
 * packet takes longer than all else that there is to a publish. */
void mqtt_socket_hold(int fd, bool is_held);

#endif
