#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "address.h"
#include "tls_verdict.h"

#define PACKET_MAX_BYTES (64 * 1024) /* the broker need not send what would be refused anyway */

struct attempt {
    pthread_mutex_t mutex;
    bool over, abandoned;
    struct mosquitto *mosq;
    struct address broker;
    int keep_alive_s, wake_fd;
    struct attempt_result result;
};

static void attempt_free(struct attempt *attempt)
{
    pthread_mutex_destroy(&attempt->mutex);
    free(attempt);
}

/* Our own user data until attempt_finish: the caller may be gone before libmosquitto has finished. */
static void on_log(struct mosquitto *mosq, void *user, int level, const char *line)
{
    struct attempt *attempt = user;

    if (level == MOSQ_LOG_ERR && !attempt->result.logged.text[0])
        (void)err_set(&attempt->result.logged, OK, "%s", tls_verdict(mosq, line));
}

static int connect_blocking(struct attempt *attempt)
{
    mosquitto_property *properties = NULL;
    int rc = mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, PACKET_MAX_BYTES);

    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_connect_bind_v5(attempt->mosq, attempt->broker.host, attempt->broker.port, attempt->keep_alive_s,
                                       NULL, properties);
    mosquitto_property_free_all(&properties);
    if (rc ==
        MOSQ_ERR_SUCCESS) /* held by a program that the host starts, it would outlive the host, and delay its will */
        (void)fcntl(mosquitto_socket(attempt->mosq), F_SETFD, FD_CLOEXEC);
    return rc;
}

static void *attempt_run(void *object)
{
    struct attempt *attempt = object;
    bool abandoned;

    errno = 0;
    attempt->result.rc = connect_blocking(attempt);
    attempt->result.os_error = errno;
    pthread_mutex_lock(&attempt->mutex);
    attempt->over = true;
    abandoned = attempt->abandoned;
    if (!abandoned)
        (void)!eventfd_write(attempt->wake_fd, 1);
    pthread_mutex_unlock(&attempt->mutex);
    if (abandoned) {
        mosquitto_destroy(attempt->mosq);
        attempt_free(attempt);
    }
    return NULL;
}

static bool thread_start(struct attempt *attempt)
{
    pthread_attr_t detached;
    pthread_t thread;
    bool started;

    if (pthread_attr_init(&detached) != 0)
        return false;
    started = pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0 &&
              pthread_create(&thread, &detached, attempt_run, attempt) == 0;
    pthread_attr_destroy(&detached);
    return started;
}

struct attempt *attempt_start(struct mosquitto *mosq, const struct address *broker, int keep_alive_s, int wake_fd)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);

    if (!attempt)
        return NULL;
    attempt->mosq = mosq;
    attempt->broker = *broker;
    attempt->keep_alive_s = keep_alive_s;
    attempt->wake_fd = wake_fd;
    if (pthread_mutex_init(&attempt->mutex, NULL) != 0) {
        free(attempt);
        return NULL;
    }
    mosquitto_user_data_set(mosq, attempt);
    mosquitto_log_callback_set(mosq, on_log);
    if (!thread_start(attempt)) {
        mosquitto_log_callback_set(mosq, NULL);
        attempt_free(attempt);
        return NULL;
    }
    return attempt;
}

bool attempt_is_over(struct attempt *attempt)
{
    bool over;

    pthread_mutex_lock(&attempt->mutex);
    over = attempt->over;
    pthread_mutex_unlock(&attempt->mutex);
    return over;
}

struct mosquitto *attempt_finish(struct attempt *attempt, struct attempt_result *ret)
{
    struct mosquitto *mosq = attempt->mosq;

    mosquitto_user_data_set(mosq, NULL);
    mosquitto_log_callback_set(mosq, NULL);
    *ret = attempt->result;
    attempt_free(attempt);
    return mosq;
}

void attempt_abandon(struct attempt *attempt)
{
    bool over;

    pthread_mutex_lock(&attempt->mutex);
    attempt->abandoned = true;
    over = attempt->over;
    pthread_mutex_unlock(&attempt->mutex);
    if (over) {
        mosquitto_destroy(attempt->mosq);
        attempt_free(attempt);
    }
}
