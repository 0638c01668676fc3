#!/bin/sh
# symbols.sh ARCHIVE [ALLOWED] - a pure layer reads no clock, touches no file descriptor, starts no thread, writes no
# log: its archive has no such undefined symbol. ALLOWED is a regular expression of symbols that this layer may use.
set -eu

archive=$1
allowed=${2:-^$}
forbidden='^(clock_|gettimeofday$|time$|timespec_get$|localtime|nanosleep$|usleep$|sleep$)
^(socket|connect|accept4?|bind|listen|send|sendto|sendmsg|recv|recvfrom|recvmsg|poll|select|epoll_.*|pipe2?)$
^(open|open64|openat|close|read|write|pread|pwrite|fopen|fopen64|fdopen|fread|fwrite|ioctl|fcntl|fcntl64)$
^(fork|vfork|exec[lv].*|posix_spawn.*|kill|system|popen|getenv|getrandom|random|rand|srand)$
^(printf|__printf_chk|fprintf|__fprintf_chk|puts|fputs|putchar|perror|syslog|stdout|stderr|stdin)$
^(pthread_|thrd_|mtx_|mosquitto_|MQTT|MHD_|uv_|curl_|cJSON_|sqlite3_|ini_parse)'

# An archive that cannot be read, or is empty, would pass: it must define something.
nm --defined-only "$archive" | grep -q ' T ' || { echo "$archive: defines no function" >&2 && exit 1; }

# A function that one object uses and another one defines belongs to the layer itself.
defined=$(nm --defined-only "$archive" | awk 'NF == 3 { print $3 }' | sort -u)
used=$(nm --undefined-only "$archive" | awk '$1 == "U" { print $2 }' | sort -u | grep -vxF "$defined" || true)
found=$(echo "$used" | grep -vE "$allowed" | grep -E "$forbidden" || true)
[ -z "$found" ] && exit 0
echo "$found" | sed "s|^|$archive: must not use |" >&2
exit 1
