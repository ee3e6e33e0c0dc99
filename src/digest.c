/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Digests; see digest.h. OpenSSL's uses the processor's own instructions and is several times as fast as
 * libmd's; to load it takes as long as libmd takes for some MiB.
 *
 * Limits: OpenSSL's takes some memory, and may find none: then libmd's is used, which takes none.
 */
#include "digest.h"

#include <string.h>

#define MUCH ((size_t)8 << 20)

/* As in openssl/evp.h, whose header is not needed for this. */
static struct {
    void *(*new)(void);
    const void *(*sha256)(void);
    int (*init)(void *ctx, const void *type, void *engine);
    int (*update)(void *ctx, const void *bytes, size_t len);
    int (*final)(void *ctx, unsigned char *sum, unsigned *len);
    void (*release)(void *ctx);
} evp;

static bool load(void)
{
    static const char *const names[] = {"EVP_MD_CTX_new",   "EVP_sha256",         "EVP_DigestInit_ex",
                                        "EVP_DigestUpdate", "EVP_DigestFinal_ex", "EVP_MD_CTX_free"};
    static bool tried;
    void *functions[COUNT(names)];
    struct err ignored;
    _Static_assert(sizeof(functions) == sizeof(evp), "one member for each name");
    if (!tried && (library_load("libcrypto.so.3", names, functions, COUNT(names), &ignored) ||
                   library_load("libcrypto.so.1.1", names, functions, COUNT(names), &ignored)))
        memcpy(&evp, functions, sizeof(evp));
    tried = true;
    return evp.new != NULL;
}

void digest_begin(struct digest *d, size_t size)
{
    d->fast = size >= MUCH && load() ? evp.new() : NULL;
    if (d->fast != NULL && evp.init(d->fast, evp.sha256(), NULL) != 1) {
        evp.release(d->fast);
        d->fast = NULL;
    }
    if (d->fast == NULL)
        SHA256Init(&d->small);
}

void digest_add(struct digest *d, const char *bytes, size_t len)
{
    if (d->fast == NULL)
        SHA256Update(&d->small, (const uint8_t *)bytes, len);
    else
        evp.update(d->fast, bytes, len);
}

void digest_end(struct digest *d, char ret_hex[DIGEST_HEX + 1])
{
    uint8_t sum[SHA256_DIGEST_LENGTH] = {0};
    if (d->fast == NULL) {
        SHA256Final(sum, &d->small);
    } else {
        evp.final(d->fast, sum, NULL);
        evp.release(d->fast);
        d->fast = NULL;
    }
    for (size_t i = 0; i < sizeof(sum); i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", sum[i]);
}
