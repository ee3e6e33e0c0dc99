/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Certificates and private keys in PEM texts, read with OpenSSL's libcrypto, which is loaded when first used.
 * What a key is made of reaches no message and no output; its copies are wiped.
 */
#pragma once

#include "base.h"

enum pem_kind {
    PEM_CERTIFICATE,
    PEM_KEY,
    PEM_ENCRYPTED_KEY, /* without a passphrase nobody can use it */
    PEM_DAMAGED        /* a certificate or key that cannot be decoded, or a text that breaks off */
};

struct pem_object {
    enum pem_kind kind;
    const char *path; /* the file that it stands in */
    void *handle;     /* of libcrypto */
};

/* In the order of the text. */
struct pem {
    struct pem_object *object;
    size_t n;
};

/* Whether PEM can be read here: false where there is no libcrypto, or none at build time. */
bool pem_ready(struct err *err) MUST_CHECK;

/* Adds the certificates and keys of a text; what is neither (DH parameters, remarks) is passed over. Only
 * after pem_ready. */
void pem_read(const char *text, size_t len, const char *path, struct pem *pem);
void pem_release(struct pem *pem);

/* The key is that of the certificate. */
bool pem_belong(const struct pem_object *certificate, const struct pem_object *key);

/* From when until when a certificate holds; false where this libcrypto cannot say (before 1.1.1). */
bool pem_validity(const struct pem_object *certificate, time_t *ret_from, time_t *ret_until) MUST_CHECK;
