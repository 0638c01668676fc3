#include "swarm_client.h"

#include <MQTTAsync.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WAIT_US INT64_C(30000000) /* for whatever has to happen at all */

struct client {
    MQTTAsync paho;
    int socket;
    _Atomic int replies;  /* of the operation under way: 1 done, -1 failed */
    const char *asks_for; /* ... which is that */
    client_receive_fn *receive;
    void *context;
};

/* paho shows nobody its sockets: it is the one that it connects while a client is begun. */
static _Atomic int connected_socket;

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    int rc = (int)syscall(SYS_connect, fd, address.__sockaddr__, len);
    connected_socket = fd;
    return rc;
}

static void on_success(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    ((struct client *)context)->replies = 1;
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    ((struct client *)context)->replies = -1;
}

static void (*on_wait)(void);

void client_on_wait(void (*idle)(void))
{
    on_wait = idle;
}

void client_await(struct client *client)
{
    int64_t end = now_us() + WAIT_US;
    while (client->replies == 0 && now_us() < end) {
        sleep_us(1000);
        if (on_wait)
            on_wait();
    }
    if (client->replies != 1)
        errx(2, "the broker does not accept %s", client->asks_for);
    client->replies = 0;
}

/* A copy of the property, terminated and to be freed. */
static char *property_of(MQTTAsync_message *message, enum MQTTPropertyCodes code)
{
    MQTTProperty *property = MQTTProperties_getProperty(&message->properties, code);
    return property ? strndup(property->value.data.data, (size_t)property->value.data.len) : strdup("");
}

static int on_arrived(void *context, char *topic, int len, MQTTAsync_message *message)
{
    struct client *client = context;
    char *payload = strndup(message->payload, (size_t)message->payloadlen);
    char *response_topic = property_of(message, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    char *correlation = property_of(message, MQTTPROPERTY_CODE_CORRELATION_DATA);
    (void)len;
    client->receive(client->context,
                    &(struct client_message){ topic, payload, response_topic, correlation, message->retained != 0 });
    free(payload);
    free(response_topic);
    free(correlation);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void read_password(const struct options *options, const char *user, char *ret, size_t size)
{
    char path[512];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s.password", options->logins, user);
    if (!(file = fopen(path, "re")) || !fgets(ret, (int)size, file))
        err(2, "%s", path);
    ret[strcspn(ret, "\n")] = '\0';
    fclose(file);
}

static void client_connect(struct client *client, const struct options *options, const char *user,
                           const struct client_will *will)
{
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_willOptions will_options = MQTTAsync_willOptions_initializer;
    char password[256];
    connect.cleanstart = 1;
    connect.keepAliveInterval = 10;
    connect.maxInflight = 100;
    connect.onSuccess5 = on_success;
    connect.onFailure5 = on_failure;
    connect.context = client;
    if (options->logins) {
        read_password(options, user, password, sizeof password);
        connect.username = user;
        connect.password = password;
    }
    if (will) {
        will_options.topicName = will->topic;
        will_options.message = will->payload;
        will_options.qos = will_options.retained = 1;
        connect.will = &will_options;
    }
    connected_socket = -1;
    if (MQTTAsync_connect(client->paho, &connect) != MQTTASYNC_SUCCESS)
        errx(2, "paho does not connect");
    while ((client->socket = connected_socket) < 0)
        sleep_us(100);
}

struct client *client_begin(const struct options *options, const char *user, const struct client_will *will,
                            client_receive_fn *receive, void *context)
{
    static unsigned count;
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    struct client *client = calloc(1, sizeof *client);
    char uri[64], id[64];
    if (!client)
        err(2, "memory");
    *client = (struct client){ .asks_for = "a login", .receive = receive, .context = context };
    snprintf(uri, sizeof uri, "tcp://127.0.0.1:%d", options->broker);
    snprintf(id, sizeof id, "swarm-%d-%u", (int)getpid(), count++);
    if (MQTTAsync_createWithOptions(&client->paho, uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &create) ||
        (receive && MQTTAsync_setCallbacks(client->paho, client, NULL, on_arrived, NULL)))
        errx(2, "paho creates no client");
    client_connect(client, options, user, will);
    return client;
}

struct client *client_open(const struct options *options, const char *user, client_receive_fn *receive, void *context)
{
    struct client *client = client_begin(options, user, NULL, receive, context);
    client_await(client);
    return client;
}

void client_subscribe_begin(struct client *client, const char *filter, int qos)
{
    MQTTAsync_responseOptions reply = MQTTAsync_responseOptions_initializer;
    reply.onSuccess5 = on_success;
    reply.onFailure5 = on_failure;
    reply.context = client;
    client->asks_for = "a subscription";
    if (MQTTAsync_subscribe(client->paho, filter, qos, &reply) != MQTTASYNC_SUCCESS)
        errx(2, "paho does not subscribe to %s", filter);
}

void client_subscribe(struct client *client, const char *filter, int qos)
{
    client_subscribe_begin(client, filter, qos);
    client_await(client);
}

static void add_property(MQTTProperties *properties, enum MQTTPropertyCodes code, const char *text)
{
    MQTTProperty property = { .identifier = code };
    property.value.data.data = (char *)text; /* which paho copies */
    property.value.data.len = (int)strlen(text);
    if (MQTTProperties_add(properties, &property) != 0)
        errx(2, "paho takes no property");
}

static bool send_message(struct client *client, const char *topic, const char *payload, bool retain,
                         MQTTProperties *properties)
{
    MQTTAsync_message message = MQTTAsync_message_initializer;
    MQTTAsync_responseOptions reply = MQTTAsync_responseOptions_initializer; /* without it, paho sends no properties */
    int rc;
    message.payload = (char *)payload; /* which paho copies */
    message.payloadlen = (int)strlen(payload);
    message.retained = retain;
    if (properties)
        message.properties = *properties;
    while ((rc = MQTTAsync_sendMessage(client->paho, topic, &message, &reply)) == MQTTASYNC_MAX_BUFFERED_MESSAGES)
        sleep_us(200);
    if (properties)
        MQTTProperties_free(properties);
    return rc == MQTTASYNC_SUCCESS;
}

bool client_publish(struct client *client, const char *topic, const char *payload, bool retain)
{
    return send_message(client, topic, payload, retain, NULL);
}

bool client_publish_stored(struct client *client, const char *topic, const char *payload, unsigned expiry_s)
{
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty property = { .identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, .value.integer4 = expiry_s };
    if (MQTTProperties_add(&properties, &property) != 0)
        errx(2, "paho takes no property");
    return send_message(client, topic, payload, true, &properties);
}

bool client_publish_crowded(struct client *client, const char *topic, const char *payload, unsigned properties)
{
    MQTTProperties list = MQTTProperties_initializer;
    MQTTProperty property = { .identifier = MQTTPROPERTY_CODE_USER_PROPERTY };
    property.value.data.data = property.value.value.data = (char *)"";
    for (unsigned i = 0; i < properties; i++)
        if (MQTTProperties_add(&list, &property) != 0)
            errx(2, "paho takes no property");
    return send_message(client, topic, payload, false, &list);
}

bool client_request(struct client *client, const char *topic, const char *payload, const char *response_topic)
{
    MQTTProperties properties = MQTTProperties_initializer;
    add_property(&properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, response_topic);
    add_property(&properties, MQTTPROPERTY_CODE_CORRELATION_DATA, "swarm");
    return send_message(client, topic, payload, false, &properties);
}

bool client_reply(struct client *client, const char *topic, const char *payload, const char *correlation)
{
    MQTTProperties properties = MQTTProperties_initializer;
    add_property(&properties, MQTTPROPERTY_CODE_CORRELATION_DATA, correlation);
    return send_message(client, topic, payload, false, &properties);
}

void client_die(struct client *client)
{
    shutdown(client->socket, SHUT_RDWR); /* paho sees the end, closes, and does not come back */
}
