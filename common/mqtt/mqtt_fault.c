#include "mqtt_fault.h"

#include <errno.h>
#include <mosquitto.h>
#include <string.h>

#include "tls_fault.h"

static const struct {
    int fault;
    enum err err;
} errors[] = {
    { MOSQ_ERR_SUCCESS, OK },
    { MOSQ_ERR_NOMEM, ERR_NOMEM },
    { MOSQ_ERR_NO_CONN, ERR_UNREACHABLE },
    { MOSQ_ERR_CONN_LOST, ERR_UNREACHABLE },
    { MOSQ_ERR_OVERSIZE_PACKET, ERR_TOO_LARGE },
    { MOSQ_ERR_PAYLOAD_SIZE, ERR_TOO_LARGE },
    { MOSQ_ERR_INVAL, ERR_TOPIC },
    { MOSQ_ERR_MALFORMED_UTF8, ERR_TOPIC },
    { MOSQ_ERR_QOS_NOT_SUPPORTED, ERR_REFUSED },
};

enum err mqtt_fault_err(int fault)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (errors[i].fault == fault)
            return errors[i].err;
    return ERR_IO;
}

static const char *text_of_fault(int fault, int number)
{
    if (fault == MOSQ_ERR_CONN_LOST)
        return "closed by the other side";
    if (fault == MOSQ_ERR_KEEPALIVE)
        return "no answer to a ping for a keep alive";
    if (fault != MOSQ_ERR_ERRNO)
        return mosquitto_strerror(fault);
    return number != 0 && strerrordesc_np(number) ? strerrordesc_np(number) : "no MQTT broker answers there";
}

/* As a server does that was sent a CONNECT and expected something else. */
static const char *hint(const struct mqtt_fault *fault)
{
    bool is_closed =
        fault->fault == MOSQ_ERR_CONN_LOST || (fault->fault == MOSQ_ERR_ERRNO && fault->number == ECONNRESET);
    return is_closed ? ", unanswered; perhaps it is a TLS port (mqtts://) or no MQTT broker" : "";
}

/* A broker that refuses our certificate closes at once: its reason may be lost on the way, and what is left is the end
 * of the stream, a reset, or EPROTO where CONNECT could not be written. */
static bool is_of_tls(const struct mqtt_fault *fault)
{
    bool is_errno = fault->fault == MOSQ_ERR_ERRNO;
    bool is_cut_off = fault->stage == MQTT_AWAITING_CONNACK && (is_errno || fault->fault == MOSQ_ERR_CONN_LOST);
    return fault->tls && (fault->logged[0] != '\0' || fault->fault == MOSQ_ERR_TLS || is_cut_off ||
                          (is_errno && fault->number == EPROTO));
}

void mqtt_fault_describe(const struct mqtt_fault *fault, struct errbuf *ret)
{
    const char *text = text_of_fault(fault->fault, fault->number);
    if (fault->stage == MQTT_UP)
        (void)err_set(ret, OK, "connection to %s lost: %s", fault->broker, text);
    else if (is_of_tls(fault))
        (void)err_set(ret, OK, "TLS with %s failed: %s", fault->broker, tls_fault_text(fault->logged));
    else if (fault->stage == MQTT_CONNECTING)
        (void)err_set(ret, OK, "cannot connect to %s: %s", fault->broker, text);
    else
        (void)err_set(ret, OK, "no MQTT connection to %s: %s%s", fault->broker, text, hint(fault));
}
