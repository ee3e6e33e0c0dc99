/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Many literals at once; see sieve.h.
 *
 * Protocol: a text is looked at in strides, at four bytes, a gram, each. Of each literal a window is chosen
 * that has so many grams as a stride has bytes: wherever the literal stands, one of them is looked at. A
 * table says whether a gram is any window's, and only where it is are literals compared. No look has to wait
 * for what the one before found. Of a literal's windows the one is chosen whose grams are rare in what mail
 * servers say all day: a literal at whose grams many a line stops costs more than the whole table.
 *
 * Limits: a literal of fewer than GRAM + STRIDE_MOST - 1 bytes makes the stride shorter for all. Where grams
 * of many literals are everywhere, all of these are compared everywhere.
 */
#include "sieve.h"

#include <string.h>

#define GRAM SIEVE_SHORTEST
#define HASH_BITS 16
#define FIRST_BITS 12
#define STRIDE_MOST 7 /* with longer windows fewer looks, but more of them in vain */

/* A gram of a literal's window, with what follows it there, up to eight bytes: enough to see at once that it
 * is another word. */
struct gram {
    uint64_t bytes, mask;
    uint32_t literal, offset; /* where it is */
    uint32_t next;            /* the number, from 1, of another one with the same place in first; 0: none */
};

struct literal {
    const char *text;
    size_t len;
};

struct sieve {
    struct literal *literal;
    struct gram *gram;
    size_t n_gram, stride;
    bool known[1 << HASH_BITS];      /* a gram has that hash */
    uint32_t first[1 << FIRST_BITS]; /* the number, from 1, of a gram whose hash begins so */
};

static uint32_t gram_at(const char *p)
{
    uint32_t gram;
    memcpy(&gram, p, sizeof(gram));
    return gram;
}

static uint32_t hash_of(uint32_t gram)
{
    return (uint32_t)(gram * 2654435761U) >> (32 - HASH_BITS);
}

/* Up to eight bytes; behind the end are NULs, which no literal has. */
static uint64_t eight_at(const char *p, size_t len)
{
    uint64_t eight = 0;
    if (len >= sizeof(eight))
        memcpy(&eight, p, sizeof(eight));
    else
        memcpy(&eight, p, len);
    return eight;
}

static bool is_known(const struct sieve *sieve, const char *p)
{
    return sieve->known[hash_of(gram_at(p))];
}

/* ---- making one ---- */

/* What is said of each mail that comes and goes, and of each client. */
static const char DAILY[] =
    "mx postfix/smtpd[1234]: connect from unknown[192.0.2.1]\n"
    "mx postfix/smtpd[1234]: disconnect from unknown[192.0.2.1] ehlo=1 starttls=1 mail=1 rcpt=1 data=1 "
    "quit=1 commands=6\n"
    "mx postfix/smtps/smtpd[1234]: 4F00: client=mail.example.com[192.0.2.1], sasl_method=PLAIN, "
    "sasl_username=user\n"
    "mx postfix/submission/smtpd[1234]: Anonymous TLS connection established from unknown[192.0.2.1]: "
    "TLSv1.3 with cipher\n"
    "mx postfix/smtpd[1234]: lost connection after AUTH from unknown[192.0.2.1]\n"
    "mx postfix/smtpd[1234]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 450 4.7.1 <user@example.com>: "
    "Recipient "
    "address rejected: Greylisted; from=<user@example.com> to=<user@example.com> proto=ESMTP "
    "helo=<mail.example.com>\n"
    "mx postfix/smtpd[1234]: warning: hostname mail.example.com does not resolve to address 192.0.2.1\n"
    "mx postfix/cleanup[1234]: 4F00: message-id=<user@example.com>\n"
    "mx postfix/qmgr[1234]: 4F00: from=<user@example.com>, size=1234, nrcpt=1 (queue active)\n"
    "mx postfix/smtp[1234]: 4F00: to=<user@example.com>, relay=mail.example.com[192.0.2.1]:25, delay=0.74, "
    "delays=0.1/0.01/0.5/0.13, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F00)\n"
    "mx postfix/pipe[1234]: 4F00: to=<user@example.com>, relay=dovecot, status=sent (delivered via dovecot "
    "service)\n"
    "mx postfix/qmgr[1234]: 4F00: removed\n"
    "mx postfix/anvil[1234]: statistics: max connection rate 1/60s for (smtp:192.0.2.1) at Nov 30 10:00:00\n"
    "mx dovecot: imap-login: Login: user=<user>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.1, mpid=1234, TLS, "
    "session=<a>\n"
    "mx dovecot: imap(user@example.com)<1234><a>: Disconnected: Logged out in=1 out=1 deleted=0 expunged=0\n"
    "mx dovecot: imap(user)<1234><a>: Connection closed (IDLE running for 0.001 + waiting input) in=1 out=1 "
    "hdr_count=0\n"
    "mx dovecot: lmtp(user)<1234><a>: sieve: msgid=<user@example.com>: stored mail into mailbox 'INBOX'\n";

/* How often grams occur there, by hash. */
static void count_daily(uint8_t often[1 << HASH_BITS])
{
    for (size_t i = 0; i + GRAM < sizeof(DAILY); i++) {
        uint8_t *n = &often[hash_of(gram_at(DAILY + i))];
        *n = (uint8_t)(*n + (*n < UINT8_MAX));
    }
}

/* Where in a literal its window begins; of two that are as rare the later, which says more in a log line. */
static size_t choose_window(const struct literal *literal, size_t stride, const uint8_t often[1 << HASH_BITS])
{
    size_t best = 0, least = SIZE_MAX;
    for (size_t start = 0; start + stride + GRAM - 1 <= literal->len; start++) {
        size_t sum = 0;
        for (size_t i = start; i < start + stride; i++)
            sum += often[hash_of(gram_at(literal->text + i))];
        if (sum <= least) {
            least = sum;
            best = start;
        }
    }
    return best;
}

static void add_literal(struct sieve *sieve, size_t i, size_t window)
{
    static const char all[] = "\xff\xff\xff\xff\xff\xff\xff\xff";
    const struct literal *literal = &sieve->literal[i];
    for (size_t offset = window; offset < window + sieve->stride; offset++) {
        const char *p = literal->text + offset;
        size_t rest = literal->len - offset;
        uint32_t hash = hash_of(gram_at(p)), *first = &sieve->first[hash >> (HASH_BITS - FIRST_BITS)];
        sieve->gram[sieve->n_gram++] =
            (struct gram){.bytes = eight_at(p, rest),
                          .mask = eight_at(all, rest < sizeof(all) ? rest : sizeof(all)),
                          .literal = (uint32_t)i,
                          .offset = (uint32_t)offset,
                          .next = *first};
        *first = (uint32_t)sieve->n_gram;
        sieve->known[hash] = true;
    }
}

struct sieve *sieve_new(const struct strings *literals)
{
    struct sieve *sieve = arena_alloc(sizeof(*sieve));
    uint8_t often[1 << HASH_BITS] = {0};
    size_t shortest = GRAM + STRIDE_MOST - 1;
    sieve->literal = arena_alloc(literals->n * sizeof(*sieve->literal));
    for (size_t i = 0; i < literals->n; i++) {
        size_t len = strlen(literals->item[i]);
        sieve->literal[i] = (struct literal){literals->item[i], len};
        if (len < shortest)
            shortest = len;
    }
    if (literals->n == 0 || shortest < GRAM)
        return NULL;
    sieve->stride = shortest - GRAM + 1;
    sieve->gram = arena_alloc(literals->n * sieve->stride * sizeof(*sieve->gram));
    count_daily(often);
    for (size_t i = 0; i < literals->n; i++)
        add_literal(sieve, i, choose_window(&sieve->literal[i], sieve->stride, often));
    return sieve;
}

/* ---- using it ---- */

/* The next place from at on, in strides, whose gram may be one of a literal; len: there is none. */
static size_t next_gram(const struct sieve *sieve, const char *bytes, size_t len, size_t at)
{
    const size_t stride = sieve->stride;
    for (; at + 3 * stride + GRAM <= len; at += 4 * stride) {
        const char *p = bytes + at;
        if (is_known(sieve, p) | is_known(sieve, p + stride) | is_known(sieve, p + 2 * stride) |
            is_known(sieve, p + 3 * stride))
            break;
    }
    for (; at + GRAM <= len; at += stride)
        if (is_known(sieve, bytes + at))
            return at;
    return len;
}

/* Whether a text holds the literal of that gram where the gram is at; eight: what is there. */
static bool stands(const struct sieve *sieve, const struct gram *gram, const char *bytes, size_t len,
                   size_t at, uint64_t eight)
{
    const struct literal *literal = &sieve->literal[gram->literal];
    return (eight & gram->mask) == gram->bytes && at >= gram->offset &&
           len - (at - gram->offset) >= literal->len &&
           memcmp(bytes + at - gram->offset, literal->text, literal->len) == 0;
}

static const struct gram *first_at(const struct sieve *sieve, const char *p)
{
    uint32_t number = sieve->first[hash_of(gram_at(p)) >> (HASH_BITS - FIRST_BITS)];
    return number > 0 ? &sieve->gram[number - 1] : NULL;
}

static const struct gram *next_of(const struct sieve *sieve, const struct gram *gram)
{
    return gram->next > 0 ? &sieve->gram[gram->next - 1] : NULL;
}

size_t sieve_lines(const struct sieve *sieve, const char *bytes, size_t len, uint32_t *ret_at)
{
    size_t n = 0, at = 0;
    while ((at = next_gram(sieve, bytes, len, at)) < len) {
        const struct gram *gram = first_at(sieve, bytes + at);
        uint64_t eight = eight_at(bytes + at, len - at);
        while (gram != NULL && !stands(sieve, gram, bytes, len, at, eight))
            gram = next_of(sieve, gram);
        if (gram == NULL) {
            at += sieve->stride;
            continue;
        }
        ret_at[n++] = (uint32_t)at;
        const char *newline = memchr(bytes + at, '\n', len - at);
        at = newline != NULL ? (size_t)(newline + 1 - bytes) : len;
    }
    return n;
}

void sieve_text(const struct sieve *sieve, const char *text, size_t len,
                void (*held)(void *arg, size_t literal), void *arg)
{
    for (size_t at = 0; (at = next_gram(sieve, text, len, at)) < len; at += sieve->stride) {
        uint64_t eight = eight_at(text + at, len - at);
        for (const struct gram *gram = first_at(sieve, text + at); gram != NULL; gram = next_of(sieve, gram))
            if (stands(sieve, gram, text, len, at, eight))
                held(arg, gram->literal);
    }
}
