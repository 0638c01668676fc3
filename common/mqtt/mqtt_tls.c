#include "mqtt_tls.h"

#include <arpa/inet.h>
#include <mosquitto.h>
#include <unistd.h>

#define ERR_STATE OPENSSL_ERR_STATE /* a type of OpenSSL's */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#include "read_file.h"
#include "secret.h"

/* Else OpenSSL would read the passphrase of an encrypted key from the terminal. */
static int no_passphrase(char *ret, int size, int writing, void *user)
{
    (void)ret, (void)size, (void)writing, (void)user;
    return 0;
}

/* libmosquitto has set the numeric address as the name to request; NULL takes it away. */
static void on_handshake(const SSL *ssl, int where, int value)
{
    char *host = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    (void)value;
    if (where == SSL_CB_HANDSHAKE_START)
        SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, host);
}

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool set_host(SSL_CTX *context, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
    SSL_CTX_set_info_callback(context, on_handshake);
    if (is_address(host)) /* no name is requested then: RFC 6066 */
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    SSL_CTX_set_app_data(context, (char *)(uintptr_t)host);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

static enum err fault(const char *what, const char *path, struct errbuf *e)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return err_set(e, ERR_IO, "cannot use the %s '%s': %s", what, path, reason ? reason : "unknown fault");
}

/* Uses what `open_file` has checked and opened, not what the path leads to afterwards. NULL: nothing to use. */
static enum err use_file(SSL_CTX *context, const char *what, const char *path,
                         enum err (*open_file)(const char *path, int *ret_fd, struct errbuf *e),
                         int (*use)(SSL_CTX *context, const char *name), struct errbuf *e)
{
    char name[READ_FILE_NAME_SIZE];
    int fd, used;
    if (!path)
        return OK;
    if (open_file(path, &fd, e) != OK)
        return err_set(e, ERR_IO, "cannot read the %s %s", what, e->text);
    read_file_name(fd, name);
    used = use(context, name);
    close(fd);
    return used == 1 ? OK : fault(what, path, e);
}

static int use_key(SSL_CTX *context, const char *name)
{
    return SSL_CTX_use_PrivateKey_file(context, name, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(context) == 1;
}

static enum err load_files(const struct broker_login *login, SSL_CTX *context, struct errbuf *e)
{
    enum err err = use_file(context, "CA file", login->cafile, read_file_open, SSL_CTX_load_verify_file, e);
    if (err == OK && !login->cafile && SSL_CTX_set_default_verify_paths(context) != 1)
        err = fault("system's store", X509_get_default_cert_dir(), e);
    if (err == OK)
        err = use_file(context, "certificate", login->cert, read_file_open, SSL_CTX_use_certificate_chain_file, e);
    return err == OK ? use_file(context, "key", login->key, secret_open, use_key, e) : err;
}

enum err mqtt_tls_new(const struct broker_login *login, const char *host, struct ssl_ctx_st **ret, struct errbuf *e)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    enum err err;
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || !set_host(context, host)) {
        SSL_CTX_free(context);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if ((err = load_files(login, context, e)) != OK) {
        SSL_CTX_free(context);
        return err;
    }
    *ret = context;
    return OK;
}

void mqtt_tls_free(struct ssl_ctx_st *context)
{
    SSL_CTX_free(context);
}

const char *mqtt_tls_reason(struct mosquitto *mosquitto, const char *line)
{
    const SSL *ssl = mosquitto_ssl_get(mosquitto);
    long result = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
    if (result == X509_V_OK || !strstr(line, "certificate verify failed"))
        return line;
    return X509_verify_cert_error_string(result);
}

bool mqtt_tls_has_sent(struct mosquitto *mosquitto)
{
    const SSL *ssl = mosquitto_ssl_get(mosquitto);
    return ssl && BIO_number_written(SSL_get_wbio(ssl)) > 0;
}

bool mqtt_tls_is_in_handshake(struct mosquitto *mosquitto, bool *ret_writable)
{
    const SSL *ssl = mosquitto_ssl_get(mosquitto);
    if (!ssl || SSL_is_init_finished(ssl))
        return false;
    *ret_writable = SSL_want_write(ssl);
    return true;
}
