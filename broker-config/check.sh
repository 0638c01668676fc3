#!/bin/sh
# check.sh - the installed mosquitto takes mosquitto.conf and does what the comments in it say.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
pid=

stop_broker() {
    [ -n "$pid" ] || return 0
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    pid=
}
trap 'stop_broker; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

start_broker() {
    started=$("$here/start" "$dir")
    port=${started% *}
    pid=${started#* }
}

fail() {
    echo "check: $*" >&2
    cat "$dir/mosquitto.log" >&2
    exit 1
}

publish() {
    mosquitto_pub -h 127.0.0.1 -p "$port" -q 1 "$@"
}

subscribe() {
    mosquitto_sub -h 127.0.0.1 -p "$port" -q 1 -W 100 "$@"
}

# Another broker that starts with a port of this one, and takes its time to find out, is not taken for this one.
check_start() {
    mkdir "$dir/bin" "$dir/other"
    cat >"$dir/bin/shuf" <<EOF
#!/bin/sh
[ ! -e "$dir/bin/used" ] || exec "$(command -v shuf)" "\$@"
touch "$dir/bin/used"
echo $port
EOF
    cat >"$dir/bin/mosquitto" <<EOF
#!/bin/sh
sleep 1
PATH=/usr/sbin:/usr/local/sbin:${PATH} exec mosquitto "\$@"
EOF
    chmod +x "$dir/bin/shuf" "$dir/bin/mosquitto"
    other=$(PATH=$dir/bin:$PATH "$here/start" "$dir/other")
    kill "${other#* }"
    [ "${other% *}" != "$port" ] || fail "start: another broker's port was taken for its own"
}

check_persistence() {
    publish -V 5 -r -t skep/check/kept -m kept || fail "a publish was refused"
    stop_broker
    start_broker
    [ "$(subscribe -V 5 -C 1 -t skep/check/kept)" = kept ] || fail "persistence: a retained message was lost"
}

check_queue() {
    subscribe -c -i skep-check -t skep/check/queue -E || fail "a subscription was refused"
    seq 1500 | publish -l -t skep/check/queue || fail "a burst was refused"
    got=$(subscribe -c -i skep-check -t skep/check/queue -C 1500 | wc -l)
    [ "$got" -eq 1500 ] || fail "max_queued_messages: $got of 1500 arrived"
}

# An MQTT 5 client keeps to the limit by itself, without a word: MQTT 3.1.1 shows what the broker does.
check_packet_size() {
    head -c 60000 /dev/zero | publish -V 311 -s -t skep/check/large || fail "max_packet_size: 60000 bytes were refused"
    if head -c 70000 /dev/zero | publish -V 311 -s -t skep/check/large 2>/dev/null; then
        fail "max_packet_size: 70000 bytes were taken"
    fi
}

check_loopback() {
    "$here/render" 1883 "$dir" | grep -q '^listener 1883 127\.0\.0\.1$' || fail "the listener is not loopback only"
}

start_broker
check_start
check_persistence
check_queue
check_packet_size
check_loopback
