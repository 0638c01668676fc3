/* What stands behind --broker: any bytes. */
#include "broker_uri.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text text = { (const char *)bytes, len };
    struct broker_list list;
    struct errbuf e = { 0 };
    if (broker_uri_parse(text, &list, &e) != OK) {
        require(e.text[0] != '\0');
        return 0;
    }
    require(len > 0 && !memchr(bytes, '@', len));
    require(list.count >= 1 && list.count <= BROKERS_MAX);
    for (size_t i = 0; i < list.count; i++) {
        require(list.at[i].port >= 1 && list.at[i].port <= 65535);
        require(list.at[i].host[0] != '\0' && strlen(list.at[i].host) < ADDRESS_HOST_SIZE);
    }
    return 0;
}
