/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Networks; see networks.h. An item is an address or a network with its prefix length, IPv6 in brackets, "!"
 * in front excludes it. IPv4 addresses are also what [::ffff:...] says of them.
 */
#include "networks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS 16 /* bytes: all are held as IPv6 */

static bool read_address(const char *text, unsigned char ret[ADDRESS], bool *ret_v4)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    *ret_v4 = inet_pton(AF_INET, text, ret + 12) == 1;
    if (*ret_v4)
        memcpy(ret, mapped, sizeof(mapped));
    return *ret_v4 || inet_pton(AF_INET6, text, ret) == 1;
}

static bool same_network(const unsigned char *a, const unsigned char *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* Whether one item fits the address. */
static enum verdict item_fits(const char *item, const unsigned char *address)
{
    unsigned char network[ADDRESS];
    const char *slash = strrchr(item, '/');
    size_t len = slash != NULL ? (size_t)(slash - item) : strlen(item);
    bool bracket = item[0] == '[' && len > 2 && item[len - 1] == ']', v4;
    if (!read_address(arena_copy(item + bracket, len - 2 * (size_t)bracket), network, &v4))
        return CANNOT_TELL; /* a file, a table, a name */
    int most = v4 ? 32 : 128, bits = slash != NULL ? atoi(slash + 1) : most;
    if (bits < 0 || bits > most)
        return CANNOT_TELL;
    return same_network(network, address, v4 ? bits + 96 : bits) ? HOLDS : FAILS;
}

enum verdict networks_have(const char *list, const char *address)
{
    unsigned char bytes[ADDRESS];
    bool v4;
    struct strings items = strings_split(list, ", \t\r\n");
    if (!read_address(address, bytes, &v4))
        return CANNOT_TELL;
    for (size_t i = 0; i < items.n; i++) {
        bool without = items.item[i][0] == '!';
        enum verdict fits = item_fits(items.item[i] + without, bytes);
        if (fits == CANNOT_TELL)
            return CANNOT_TELL;
        if (fits == HOLDS)
            return without ? FAILS : HOLDS;
    }
    return FAILS;
}
