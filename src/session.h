/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One dialogue with a mail port, by libcurl, which is loaded when the first one is held. Always without a
 * proxy, to an address of this machine, and bounded in time. Certificates are not judged: the question is
 * whether the service works, and what it presents on loopback need not carry that name.
 */
#pragma once

#include "base.h"

enum protocol { SMTP, SMTPS, IMAP, IMAPS, POP3, POP3S };

/* What a dialogue is to find, each before or behind the change to TLS. */
enum wish_kind { OFFERS, HIDES, REFUSES_RELAY };
struct wish {
    enum wish_kind kind;
    const char *word; /* of offers and hides: EHLO, CAPABILITY, CAPA */
    bool over_tls;    /* asked behind STARTTLS */
};

struct session {
    enum protocol protocol;
    const char *host; /* numeric address, IPv6 without brackets */
    int port;
    bool starttls;      /* the session must go on over TLS */
    const char *greets; /* PCRE2 pattern that the greeting line must match, or NULL */
    int limit_ms;
    const struct wish *wish;
    size_t n_wish;
};

struct session_result {
    enum verdict
        verdict; /* FAILS: no connection, no greeting, STARTTLS refused, ...; CANNOT_TELL: no libcurl */
    char greeting[256]; /* first line of the server, without CRLF; "" when there was none */
    bool relays;        /* FAILS because a foreign recipient was accepted */
    char why[256];      /* a sentence when it does not hold */
};

bool protocol_named(const char *name, enum protocol *ret_protocol); /* "smtp" ... "pop3s" */

void session_hold(const struct session *session, struct session_result *ret_result);

/* The numeric addresses of this machine's interfaces that are up; link-local ones are left out. */
struct strings session_addresses(void);

/* Whether somebody accepts a TCP connection there. */
bool session_port_open(const char *host, int port, int limit_ms);
