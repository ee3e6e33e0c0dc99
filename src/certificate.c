/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Postfix's server loads; see certificate.h. From 3.4 on smtpd_tls_chain_files decides, where it is set:
 * each key, then its certificate, then what signed that. Else there are three pairs of a file with
 * certificates, whose first one counts, and a file with a key, by default the same. Sources: smtpd.c,
 * tls_certkey.c of Postfix 3.9, postconf(5).
 *
 * Limits: what a service sets with -o, and tls_server_sni_maps, are not looked at; two keys of one algorithm
 * in smtpd_tls_chain_files, which Postfix refuses, are not noticed.
 */
#include "certificate.h"

#include "pem.h"
#include "postfix_list.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct look {
    struct facts *facts;
    const struct doc *main_cf;
    struct certificate *out;
};

/* Each returns false, and there is no more to look at. */
static bool wrong(struct look *l, const char *why)
{
    l->out->loads = l->out->valid = FAILS;
    l->out->why = why;
    return false;
}

static bool untold(struct look *l, const char *why, const char *missing)
{
    l->out->loads = l->out->valid = CANNOT_TELL;
    l->out->why = why;
    l->out->missing = missing;
    return false;
}

/* The expanded value; otherwise where main.cf does not set it (upstream's default is empty, and nobody's
 * package changes it). */
static bool value_of(struct look *l, const char *parameter, const char *otherwise, const char **ret_value)
{
    const char *unknown = NULL;
    *ret_value = facts_value(l->facts, l->main_cf, parameter, &unknown);
    if (*ret_value != NULL && unknown != NULL)
        return untold(l, NULL, unknown);
    if (*ret_value == NULL)
        *ret_value = otherwise;
    return true;
}

/* Postfix's daemons stand in the queue directory when they read it. */
static bool whole_path(struct look *l, const char *path, const char **ret_path)
{
    const char *missing = NULL, *queue;
    *ret_path = path;
    if (path[0] == '/')
        return true;
    queue = facts_value(l->facts, l->main_cf, "queue_directory", &missing);
    if (queue == NULL || missing != NULL)
        return untold(l, NULL, missing);
    *ret_path = arena_printf("%s/%s", queue, path);
    return true;
}

static bool read_file(struct look *l, const char *path, struct pem *pem)
{
    const char *text;
    size_t len;
    struct err err;
    if (!whole_path(l, path, &path))
        return false;
    errno = 0;
    if (!file_read_path(facts_root(l->facts), path, ANY_OWNER, &text, &len, &err)) {
        int failure = errno;
        const char *why = arena_string(err.text);
        if (failure == ENOENT)
            return wrong(l, arena_printf(_("%s is not there"), path));
        /* Postfix reads as root, and it follows anybody's links. */
        bool barred =
            failure == 0 ? !file_exists(facts_root(l->facts), path) : failure == EACCES && geteuid() != 0;
        return barred ? untold(l, why, NULL) : wrong(l, why);
    }
    bool ready = pem_ready(&err);
    if (ready)
        pem_read(text, len, path, pem);
    explicit_bzero((void *)(uintptr_t)text, len);
    return ready || untold(l, arena_string(err.text), NULL);
}

static const struct pem_object *first_of(const struct pem *pem, enum pem_kind kind)
{
    for (size_t i = 0; i < pem->n; i++)
        if (pem->object[i].kind == kind)
            return &pem->object[i];
    return NULL;
}

static const char *day(time_t time)
{
    char text[32];
    struct tm tm;
    return gmtime_r(&time, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d", &tm) > 0
               ? arena_string(text)
               : "?";
}

static void check_dates(struct look *l, const struct pem_object *certificate)
{
    time_t from, until, now = time(NULL);
    if (l->out->valid == FAILS)
        return;
    if (!pem_validity(certificate, &from, &until)) {
        l->out->valid = CANNOT_TELL;
        l->out->why = arena_printf(_("%s: this libcrypto does not tell the dates"), certificate->path);
    } else if (now > until) {
        l->out->valid = FAILS;
        l->out->why = arena_printf(_("%s: the certificate expired on %s"), certificate->path, day(until));
    } else if (now < from) {
        l->out->valid = FAILS;
        l->out->why =
            arena_printf(_("%s: the certificate holds only from %s on"), certificate->path, day(from));
    }
}

static bool check_match(struct look *l, const struct pem_object *certificate, const struct pem_object *key)
{
    if (!pem_belong(certificate, key))
        return wrong(l, arena_printf(_("the private key in %s does not belong to the certificate in %s"),
                                     key->path, certificate->path));
    check_dates(l, certificate);
    return true;
}

static bool is_sound(struct look *l, const struct pem_object *object)
{
    if (object->kind == PEM_DAMAGED)
        return wrong(l, arena_printf(_("%s is damaged: a part of it cannot be read as PEM"), object->path));
    if (object->kind == PEM_ENCRYPTED_KEY)
        return wrong(l, arena_printf(_("the private key in %s is encrypted, and Postfix cannot ask for its "
                                       "passphrase"),
                                     object->path));
    return true;
}

static bool check_pair(struct look *l, const char *certificate_file, const char *key_file)
{
    struct pem certificates = {0}, keys = {0};
    const struct pem_object *certificate, *key, *bad;
    bool ok = read_file(l, certificate_file, &certificates) && read_file(l, key_file, &keys);
    if (ok && (bad = first_of(&certificates, PEM_DAMAGED)) != NULL)
        ok = is_sound(l, bad);
    certificate = first_of(&certificates, PEM_CERTIFICATE);
    if (ok && certificate == NULL)
        ok = wrong(l, arena_printf(_("%s holds no certificate in PEM"), certificate_file));
    key = first_of(&keys, PEM_KEY);
    for (size_t i = 0; ok && key == NULL && i < keys.n; i++)
        ok = is_sound(l, &keys.object[i]);
    if (ok && key == NULL)
        ok = wrong(l, arena_printf(_("%s holds no private key in PEM"), key_file));
    if (ok)
        ok = check_match(l, certificate, key);
    pem_release(&certificates);
    pem_release(&keys);
    return ok;
}

/* The files count as one, in their order. */
static bool check_chain(struct look *l, const struct pem *chain, const char *files)
{
    const struct pem_object *key = NULL;
    bool certified = false; /* the certificate of the key was there; what follows signs it */
    for (size_t i = 0; i < chain->n; i++) {
        const struct pem_object *object = &chain->object[i];
        if (!is_sound(l, object))
            return false;
        if (object->kind == PEM_CERTIFICATE && key == NULL)
            return wrong(l, arena_printf(_("%s: a certificate stands before its private key; "
                                           "smtpd_tls_chain_files wants the key first"),
                                         object->path));
        if (object->kind == PEM_CERTIFICATE && !certified && !check_match(l, object, key))
            return false;
        if (object->kind == PEM_KEY && key != NULL && !certified)
            break;
        certified = object->kind == PEM_CERTIFICATE;
        key = object->kind == PEM_KEY ? object : key;
    }
    if (key == NULL)
        return wrong(l, arena_printf(_("%s holds no private key in PEM"), files));
    return certified || wrong(l, arena_printf(_("no certificate follows the private key in %s"), key->path));
}

static bool look_at_chain(struct look *l, const char *files)
{
    struct strings names = postfix_items(files);
    struct pem chain = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < names.n; i++)
        ok = read_file(l, names.item[i], &chain);
    ok = ok && check_chain(l, &chain, files);
    pem_release(&chain);
    return ok;
}

static bool look_at_pairs(struct look *l)
{
    static const char *const pairs[][2] = {{"smtpd_tls_cert_file", "smtpd_tls_key_file"},
                                           {"smtpd_tls_dcert_file", "smtpd_tls_dkey_file"},
                                           {"smtpd_tls_eccert_file", "smtpd_tls_eckey_file"}};
    bool named = false;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        const char *certificate, *key;
        if (!value_of(l, pairs[i][0], "", &certificate) || !value_of(l, pairs[i][1], certificate, &key))
            return false;
        if (certificate[0] == '\0' || (i == 0 && strcasecmp(certificate, "none") == 0))
            continue;
        named = true;
        if (key[0] == '\0')
            return wrong(l, arena_printf(_("%s is empty"), pairs[i][1]));
        if (!check_pair(l, certificate, key))
            return false;
    }
    return named || wrong(l, _("main.cf names no certificate (smtpd_tls_chain_files, smtpd_tls_cert_file)"));
}

void certificate_postfix(struct facts *facts, const struct doc *main_cf, struct certificate *ret)
{
    struct look l = {facts, main_cf, ret};
    const char *chain = "";
    *ret = (struct certificate){.loads = HOLDS, .valid = HOLDS};
    if (facts_parameter(facts, "smtpd_tls_chain_files") != FAILS &&
        !value_of(&l, "smtpd_tls_chain_files", "", &chain))
        return;
    if (postfix_items(chain).n > 0)
        (void)look_at_chain(&l, chain);
    else
        (void)look_at_pairs(&l);
}
