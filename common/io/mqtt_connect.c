#include "mqtt_connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "secret.h"
#include "tls_fault.h"

#define TRUSTED_FOLDER "/etc/ssl/certs"

/* libmosquitto asks for the password of an encrypted key on the terminal unless it is answered here. */
static int no_password(char *ret, int size, int writing, void *user)
{
    (void)ret;
    (void)size;
    (void)writing;
    (void)user;
    return 0;
}

static enum err file_check(const char *what, const char *path, struct errbuf *e)
{
    if (path && access(path, R_OK))
        return err_set(e, ERR_IO, "cannot read the %s '%s': %s", what, path, strerrordesc_np(errno));
    return OK;
}

static enum err tls_prepare(const struct mqtt_target *target, struct mosquitto *mosquitto, struct errbuf *e)
{
    const char *folder = target->cafile ? NULL : TRUSTED_FOLDER;
    enum err err = file_check("CA file", target->cafile, e);

    if (!err)
        err = file_check("certificate", target->cert, e);
    if (!err)
        err = file_check("key", target->key, e);
    if (err)
        return err;
    if (mosquitto_tls_set(mosquitto, target->cafile, folder, target->cert, target->key, no_password))
        return err_set(e, ERR_IO, "cannot set TLS up for '%s'", mqtt_target_address(target)->host);
    return OK;
}

static enum err login_prepare(const struct mqtt_target *target, struct mosquitto *mosquitto, struct errbuf *e)
{
    char *password = NULL;
    enum err err = OK;

    if (target->password_file)
        err = secret_read(target->password_file, &password, e);
    if (!err && mosquitto_username_pw_set(mosquitto, target->username, password))
        err = err_set(e, ERR_NOMEM, "cannot set the user name and the password");
    secret_free(password);
    return err;
}

enum err mqtt_connect_tls_fault(const struct mqtt_target *target, const struct errbuf *logged, struct errbuf *e)
{
    const struct address *address = mqtt_target_address(target);

    return err_set(e, ERR_REFUSED, "TLS with %s:%d failed: %s", address->host, address->port,
                   tls_fault_text(logged->text));
}

static enum err connect_fault(const struct mqtt_target *target, int fault, int number, const struct errbuf *logged,
                              struct errbuf *e)
{
    const struct address *address = mqtt_target_address(target);
    const char *what = mosquitto_strerror(fault);

    /* A broker that refuses our certificate may do so while CONNECT is written: EPROTO. */
    if (fault == MOSQ_ERR_TLS || (fault == MOSQ_ERR_ERRNO && number == EPROTO))
        return mqtt_connect_tls_fault(target, logged, e);
    if (fault == MOSQ_ERR_EAI) /* libmosquitto leaves what getaddrinfo said in errno */
        return err_set(e, ERR_UNREACHABLE, "cannot resolve '%s': %s", address->host, gai_strerror(number));
    if (fault == MOSQ_ERR_ERRNO && strerrordesc_np(number))
        what = strerrordesc_np(number);
    return err_set(e, fault == MOSQ_ERR_NOMEM ? ERR_NOMEM : ERR_UNREACHABLE, "cannot connect to %s:%d: %s",
                   address->host, address->port, what);
}

enum err mqtt_connect(const struct mqtt_target *target, struct mosquitto *mosquitto, const struct errbuf *logged,
                      struct errbuf *e)
{
    const struct address *address = mqtt_target_address(target);
    enum err err = login_prepare(target, mosquitto, e);
    mosquitto_property *properties = NULL;
    int fault, number;

    if (!err && target->brokers.tls)
        err = tls_prepare(target, mosquitto, e);
    if (err)
        return err;
    if (mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, MQTT_RECEIVE_MAX))
        return err_set(e, ERR_NOMEM, "MQTT connection: out of memory");
    errno = 0;
    fault = mosquitto_connect_bind_v5(mosquitto, address->host, address->port, target->keep_alive_s, NULL, properties);
    number = errno;
    mosquitto_property_free_all(&properties);
    if (!fault) /* a program that holds the socket keeps the broker from seeing that this one has died */
        (void)fcntl(mosquitto_socket(mosquitto), F_SETFD, FD_CLOEXEC);
    return fault ? connect_fault(target, fault, number, logged, e) : OK;
}
