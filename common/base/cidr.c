#include "cidr.h"

#include <arpa/inet.h>

#define V4_BITS 32
#define V6_BITS 128
#define MAPPED_BITS 96 /* of the prefix before an IPv4 address within an IPv6 one */

static const uint8_t mapped_prefix[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

static bool is_mapped(const uint8_t address[16])
{
    return memcmp(address, mapped_prefix, sizeof mapped_prefix) == 0;
}

static int width_of(const struct cidr *cidr)
{
    return cidr->v6 ? V6_BITS : V4_BITS;
}

/* The first `bits` bits of both are the same. */
static bool share_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static bool is_zero_beyond_prefix(const struct cidr *cidr)
{
    uint8_t prefix[16] = { 0 };
    unsigned whole = cidr->bits / 8U, rest = cidr->bits % 8U;
    memcpy(prefix, cidr->address, whole);
    if (rest > 0)
        prefix[whole] = (uint8_t)(cidr->address[whole] & 0xff << (8 - rest));
    return memcmp(prefix, cidr->address, (size_t)width_of(cidr) / 8) == 0;
}

static bool read_address(struct text t, struct cidr *ret)
{
    char terminated[INET6_ADDRSTRLEN] = { 0 };
    if (t.len >= sizeof terminated)
        return false;
    memcpy(terminated, t.at, t.len);
    if (strlen(terminated) != t.len)
        return false;
    ret->v6 = inet_pton(AF_INET, terminated, ret->address) != 1;
    return !ret->v6 || inet_pton(AF_INET6, terminated, ret->address) == 1;
}

/* What stands behind the '/'; absent = the whole address. */
static enum err read_bits(struct text t, int width, uint8_t *ret)
{
    int64_t bits = width;
    if (t.at && (t.len == 0 || t.at[0] < '0' || t.at[0] > '9' || text_to_int(t, &bits) != OK))
        return ERR_SYNTAX;
    if (bits > width)
        return ERR_RANGE;
    *ret = (uint8_t)bits;
    return OK;
}

static void take_out_mapped(struct cidr *cidr)
{
    if (!cidr->v6 || cidr->bits < MAPPED_BITS || !is_mapped(cidr->address))
        return;
    memcpy(cidr->address, cidr->address + sizeof mapped_prefix, 4);
    cidr->bits -= MAPPED_BITS;
    cidr->v6 = false;
}

static enum err cidr_parse(struct text t, struct cidr *ret, struct errbuf *e)
{
    struct text bits = t, address = text_split(&bits, '/');
    struct cidr cidr = { 0 };
    char shown[80];
    enum err err;
    text_to_printable(t, shown, sizeof shown);
    if (!read_address(address, &cidr))
        return err_set(e, ERR_SYNTAX, "'%s' must be ADDRESS or ADDRESS/BITS, like 127.0.0.1, 10.0.0.0/8, fd00::/8",
                       shown);
    if ((err = read_bits(bits, width_of(&cidr), &cidr.bits)) != OK)
        return err_set(e, err, "'%s': the prefix length must be 0 to %d", shown, width_of(&cidr));
    if (!is_zero_beyond_prefix(&cidr))
        return err_set(e, ERR_SYNTAX, "'%s': the bits after the first %u must be 0", shown, cidr.bits);
    take_out_mapped(&cidr);
    *ret = cidr;
    return OK;
}

enum err cidr_list_parse(struct text t, struct cidr_list *ret, struct errbuf *e)
{
    struct cidr_list list = { 0 };
    struct text rest = t.at ? t : TEXT("");
    while (rest.at) {
        struct text entry = text_split(&rest, ',');
        enum err err;
        if (list.count == CIDR_MAX)
            return err_set(e, ERR_FULL, "at most %d networks are allowed", CIDR_MAX);
        if ((err = cidr_parse(entry, &list.at[list.count], e)) != OK)
            return err;
        list.count++;
    }
    *ret = list;
    return OK;
}

bool cidr_list_has_host(const struct cidr_list *list, struct text host)
{
    struct cidr address;
    return read_address(text_is(host, "localhost") ? TEXT("127.0.0.1") : host, &address) &&
           cidr_list_has(list, address.v6, address.address);
}

bool cidr_list_has(const struct cidr_list *list, bool v6, const uint8_t *address)
{
    if (v6 && is_mapped(address))
        return cidr_list_has(list, false, address + sizeof mapped_prefix);
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].v6 == v6 && share_prefix(list->at[i].address, address, list->at[i].bits))
            return true;
    return false;
}
