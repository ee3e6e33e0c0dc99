/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PEM through libcrypto; see pem.h. Only functions are used that versions 1.0 to 3 all have with the same
 * arguments, so that the version at build time need not be the one of the host; the dates came with 1.1.1.
 *
 * Limits: a key that only an engine or a provider holds is no PEM and is not seen.
 */
#include "pem.h"
#include "config.h"

#include <string.h>
#ifdef HAVE_LIBCRYPTO
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static struct {
    BIO *(*new_mem_buf)(const void *, int);
    int (*bio_free)(BIO *);
    int (*read_bio)(BIO *, char **, char **, unsigned char **, long *);
    X509 *(*decode_certificate)(X509 **, const unsigned char **, long);
    EVP_PKEY *(*decode_key)(EVP_PKEY **, const unsigned char **, long);
    int (*check_private_key)(const X509 *, const EVP_PKEY *);
    void (*free_certificate)(X509 *);
    void (*free_key)(EVP_PKEY *);
    void (*free)(void *, const char *, int); /* 1.0 looks at the first argument only */
    void (*cleanse)(void *, size_t);
    unsigned long (*last_error)(void);
    void (*clear_error)(void);
} crypto;

static struct {
    const ASN1_TIME *(*not_before)(const X509 *);
    const ASN1_TIME *(*not_after)(const X509 *);
    int (*to_tm)(const ASN1_TIME *, struct tm *);
} dates;

/* Newest first; Red Hat called 1.0 "10", Debian by its full number. */
static const char *const SONAMES[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so.10",
                                      "libcrypto.so.1.0.2", "libcrypto.so.1.0.0"};

bool pem_ready(struct err *err)
{
    static const char *const names[] = {
        "BIO_new_mem_buf",        "BIO_free",       "PEM_read_bio",  "d2i_X509",    "d2i_AutoPrivateKey",
        "X509_check_private_key", "X509_free",      "EVP_PKEY_free", "CRYPTO_free", "OPENSSL_cleanse",
        "ERR_peek_last_error",    "ERR_clear_error"};
    static const char *const date_names[] = {"X509_get0_notBefore", "X509_get0_notAfter", "ASN1_TIME_to_tm"};
    void *functions[COUNT(names)], *date_functions[COUNT(date_names)];
    struct err ignored;
    _Static_assert(sizeof(functions) == sizeof(crypto), "one member for each name");
    _Static_assert(sizeof(date_functions) == sizeof(dates), "one member for each name");
    if (crypto.new_mem_buf != NULL)
        return true;
    for (size_t i = 0; i < COUNT(SONAMES); i++) {
        if (!library_load(SONAMES[i], names, functions, COUNT(names), i == 0 ? err : &ignored))
            continue;
        memcpy(&crypto, functions, sizeof(crypto));
        if (library_load(SONAMES[i], date_names, date_functions, COUNT(date_names), &ignored))
            memcpy(&dates, date_functions, sizeof(dates));
        return true;
    }
    return false;
}

static void add(struct pem *pem, enum pem_kind kind, const char *path, void *handle)
{
    struct pem_object object = {kind, path, handle};
    pem->object = arena_append(pem->object, &pem->n, sizeof(object), &object);
}

static void add_decoded(struct pem *pem, const char *name, const char *header, const unsigned char *data,
                        long len, const char *path)
{
    void *handle;
    if (ends_with(name, "CERTIFICATE")) { /* also X509 CERTIFICATE and TRUSTED CERTIFICATE */
        handle = crypto.decode_certificate(NULL, &data, len);
        add(pem, handle != NULL ? PEM_CERTIFICATE : PEM_DAMAGED, path, handle);
    } else if (ends_with(name, "PRIVATE KEY")) {
        if (strcmp(name, PEM_STRING_PKCS8) == 0 || strstr(header, "ENCRYPTED") != NULL) {
            add(pem, PEM_ENCRYPTED_KEY, path, NULL);
            return;
        }
        handle = crypto.decode_key(NULL, &data, len);
        add(pem, handle != NULL ? PEM_KEY : PEM_DAMAGED, path, handle);
    }
}

void pem_read(const char *text, size_t len, const char *path, struct pem *pem)
{
    char *name, *header;
    unsigned char *data;
    long n;
    BIO *bio = crypto.new_mem_buf(text, (int)len);
    if (bio == NULL) {
        add(pem, PEM_DAMAGED, path, NULL);
        return;
    }
    crypto.clear_error();
    while (crypto.read_bio(bio, &name, &header, &data, &n) == 1) {
        add_decoded(pem, name, header, data, n, path);
        crypto.cleanse(data, (size_t)n);
        crypto.free(name, __FILE__, __LINE__);
        crypto.free(header, __FILE__, __LINE__);
        crypto.free(data, __FILE__, __LINE__);
        crypto.clear_error();
    }
    /* The lowest bits are the reason in every version. */
    if ((crypto.last_error() & 0xfff) != PEM_R_NO_START_LINE)
        add(pem, PEM_DAMAGED, path, NULL);
    crypto.clear_error();
    crypto.bio_free(bio);
}

void pem_release(struct pem *pem)
{
    for (size_t i = 0; i < pem->n; i++)
        if (pem->object[i].kind == PEM_CERTIFICATE)
            crypto.free_certificate(pem->object[i].handle);
        else if (pem->object[i].kind == PEM_KEY)
            crypto.free_key(pem->object[i].handle);
    *pem = (struct pem){0};
}

bool pem_belong(const struct pem_object *certificate, const struct pem_object *key)
{
    bool same = crypto.check_private_key(certificate->handle, key->handle) == 1;
    crypto.clear_error();
    return same;
}

bool pem_validity(const struct pem_object *certificate, time_t *ret_from, time_t *ret_until)
{
    struct tm from, until;
    if (dates.to_tm == NULL || dates.to_tm(dates.not_before(certificate->handle), &from) != 1 ||
        dates.to_tm(dates.not_after(certificate->handle), &until) != 1)
        return false;
    *ret_from = timegm(&from);
    *ret_until = timegm(&until);
    return true;
}

#else

bool pem_ready(struct err *err)
{
    return err_set(err, "this mailfix was built without libcrypto");
}

void pem_read(const char *text, size_t len, const char *path, struct pem *pem)
{
    (void)text, (void)len, (void)path, (void)pem;
}

void pem_release(struct pem *pem)
{
    (void)pem;
}

bool pem_belong(const struct pem_object *certificate, const struct pem_object *key)
{
    (void)certificate, (void)key;
    return false;
}

bool pem_validity(const struct pem_object *certificate, time_t *ret_from, time_t *ret_until)
{
    (void)certificate, (void)ret_from, (void)ret_until;
    return false;
}

#endif
