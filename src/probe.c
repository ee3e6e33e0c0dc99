/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking the running host; see probe.h.
 *
 * "Restarted" is not "works": units and scripts report success with port 25 taken by another program and with
 * a main.cf that no daemon can read. What counts is a greeting, a TLS session, and a log without the symptom.
 *
 * Limits: sessions go to the address that a service is bound to when it is numeric, else to loopback.
 */
#include "probe.h"

#include "heard.h"
#include "listener.h"
#include "lookup.h"
#include "networks.h"
#include "owner.h"
#include "postfix.h"
#include "run.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_MS 15000
#define PATIENCE_MS 20000 /* until a restarted port must answer */
#define SETTLE_MS 5000    /* how long an answer may still be that of a process from before the reload */
#define CHECK_MS 60000

/* ---- addresses ---- */

/* Where a service without a host part is bound: the first numeric address of inet_interfaces, else loopback.
 */
static const char *bound_address(struct docs *docs)
{
    const struct doc *main_cf;
    struct err ignored;
    if (!docs_get(docs, "main.cf", &main_cf, &ignored))
        return "127.0.0.1";
    const char *protocols = facts_value(docs->facts, main_cf, "inet_protocols", NULL);
    const char *loopback = protocols != NULL && strcmp(protocols, "ipv6") == 0 ? "::1" : "127.0.0.1";
    const char *interfaces = facts_value(docs->facts, main_cf, "inet_interfaces", NULL);
    struct strings words = strings_split(interfaces != NULL ? interfaces : "all", " ,\t[]");
    for (size_t i = 0; i < words.n; i++) {
        const char *word = words.item[i];
        if (strcmp(word, "all") == 0 || strcmp(word, "loopback-only") == 0 || strcmp(word, "localhost") == 0)
            return loopback;
    }
    for (size_t i = 0; i < words.n; i++)
        if (words.item[i][strspn(words.item[i], "0123456789.")] == '\0' || strchr(words.item[i], ':') != NULL)
            return words.item[i];
    return loopback;
}

/* Whether a client with this address is one of mynetworks. */
static enum verdict is_own_network(struct docs *docs, const char *address)
{
    const struct doc *main_cf;
    struct err ignored;
    const char *list = docs_get(docs, "main.cf", &main_cf, &ignored)
                           ? facts_value(docs->facts, main_cf, "mynetworks", NULL)
                           : NULL;
    return list != NULL ? networks_have(list, address) : CANNOT_TELL;
}

/* An address of this host that is no client of mynetworks and that the port is open on: a session with it
 * comes from it, and so is a stranger's. Else the usual one. */
static const char *foreign_address(struct docs *docs, const char *usual, int port)
{
    struct strings own = session_addresses();
    for (size_t i = 0; i < own.n; i++)
        if (is_own_network(docs, own.item[i]) == FAILS && session_port_open(own.item[i], port, 3000))
            return own.item[i];
    return usual;
}

static bool numeric(const char *host)
{
    return host[0] != '\0' && host[strspn(host, "0123456789abcdefABCDEF.:")] == '\0';
}

static bool option_says(const struct node *service, const char *name, const char *value)
{
    for (size_t i = 0; i < service->n_child; i++)
        if (strcmp(service->child[i].label, "option") == 0 && strcmp(service->child[i].value, name) == 0 &&
            strcmp(postfix_joined_value(&service->child[i]), value) == 0)
            return true;
    return false;
}

/* ---- live conditions ---- */

static enum verdict daemon_is(const char *daemon, const char *what, const char **ret_why)
{
    struct service_state state;
    struct err err;
    if (!service_state(daemon, &state, &err)) {
        *ret_why = arena_string(err.text);
        return CANNOT_TELL;
    }
    const enum answer answer = strcmp(what, "enabled") == 0 ? state.enabled : state.active;
    return answer == UNKNOWN ? CANNOT_TELL : answer == YES ? HOLDS : FAILS;
}

/* What a program says of its own configuration. */
static enum verdict run_check(const char *daemon, const char **ret_why)
{
    const char *const postfix[] = {"postfix", "check", NULL};
    /* Dovecot 1.x has no doveconf. */
    const char *const dovecot[] = {run_have("doveconf") ? "doveconf" : "dovecot", "-n", NULL};
    bool is_postfix = strcmp(daemon, "postfix") == 0;
    const char *const *argv = is_postfix ? postfix : dovecot;
    struct run_result result;
    struct err err;
    if (!run_on_terminal(argv, CHECK_MS, &result, &err)) {
        *ret_why = arena_string(err.text);
        return CANNOT_TELL;
    }
    if (result.status == 0)
        return HOLDS;
    /* doveconf tells the reason last, below what it could read. */
    struct strings lines = strings_split(result.output, "\r\n");
    const char *line = lines.n == 0 ? "" : lines.item[is_postfix ? 0 : lines.n - 1];
    *ret_why = arena_printf("%s %s: %s", argv[0], argv[1], line);
    return FAILS;
}

/* Whoever greets is not mute, but in another protocol than its own it would be waited for to the end. */
static enum protocol protocol_at(int port)
{
    return port == 143 ? IMAP : port == 110 ? POP3 : SMTP;
}

/* mute: accepts a connection and does not greet. */
static enum verdict port_is(struct context *ctx, const char *number, const char *what)
{
    const char *host = bound_address(ctx->docs);
    bool open = session_port_open(host, atoi(number), 3000);
    if (!open || strcmp(what, "open") == 0)
        return open ? HOLDS : FAILS;
    struct session session = {
        .protocol = protocol_at(atoi(number)), .host = host, .port = atoi(number), .limit_ms = 5000};
    struct session_result result;
    session_hold(&session, &result);
    return result.greeting[0] == '\0' ? HOLDS : FAILS;
}

static enum verdict live(struct context *ctx, const struct cond *cond, struct evidence *ret_evidence)
{
    const char **ret_why = &ret_evidence->sentence;
    struct strings words = context_words(ctx, &cond->words);
    switch (cond->kind) {
    case COND_DAEMON:
        if (strcmp(words.item[1], "installed") == 0)
            return facts_installed(context_facts(ctx), words.item[0]);
        return daemon_is(words.item[0], words.item[1], ret_why);
    case COND_PORT:
        return strcmp(words.item[1], "owner") != 0
                   ? port_is(ctx, words.item[0], words.item[1])
                   : owner_is(words.item[0], &(struct strings){words.item + 2, words.n - 2}, ret_evidence);
    case COND_CHECK:
        return run_check(words.item[0], ret_why);
    case COND_LOOKUP:
        return lookup_ask(ctx, words.item[0], words.item[1],
                          cond->words.n > 2 ? context_text(ctx, cond->words.item[2]) : NULL, ret_why);
    default:
        return CANNOT_TELL; /* quiet has no meaning but after an apply */
    }
}

const struct outside probe_outside = {.live = live, .heard = heard_captures, .owner = listener_owner};

enum verdict probe_session(struct context *ctx, const struct talk *talk, const char **ret_why)
{
    struct session session = {.protocol = talk->protocol,
                              .host = bound_address(ctx->docs),
                              .starttls = talk->starttls,
                              .port = atoi(context_text(ctx, talk->port)),
                              .greets = talk->greets,
                              .limit_ms = SESSION_MS,
                              .wish = talk->wish,
                              .n_wish = talk->n_wish};
    struct session_result result = {0};
    for (size_t i = 0; i < talk->n_wish; i++)
        if (talk->wish[i].kind == REFUSES_RELAY)
            session.host = foreign_address(ctx->docs, session.host, session.port);
    int64_t end = now_ms() + PATIENCE_MS;
    for (int done = 0; done < talk->times;) {
        session_hold(&session, &result);
        if (result.verdict == HOLDS) {
            done++;
            continue;
        }
        if (result.relays && is_own_network(ctx->docs, session.host) != FAILS) {
            *ret_why = arena_printf(_("%s may be in mynetworks, which may relay"), session.host);
            return CANNOT_TELL;
        }
        bool not_yet = result.verdict == FAILS && result.greeting[0] == '\0' && now_ms() < end;
        if (!not_yet || nap(300)) {
            *ret_why = arena_string(result.why);
            return result.verdict;
        }
    }
    return HOLDS;
}

/* ---- health ---- */

static const char *daemon_of(enum protocol protocol)
{
    return protocol == SMTP || protocol == SMTPS ? "postfix" : "dovecot";
}

static enum verdict greets(const struct port_health *port)
{
    struct session session = {
        .protocol = port->protocol, .host = port->host, .port = port->port, .limit_ms = SESSION_MS};
    struct session_result result;
    session_hold(&session, &result);
    return result.verdict;
}

static void add_port(struct health *health, enum protocol protocol, const char *host, int number)
{
    struct port_health port = {.protocol = protocol, .host = host, .port = number, .greets = CANNOT_TELL};
    health->port = arena_append(health->port, &health->n_port, sizeof(port), &port);
}

static void add_postfix_ports(struct docs *docs, struct health *health)
{
    const struct doc *master_cf;
    struct err ignored;
    if (!docs_get(docs, "master.cf", &master_cf, &ignored))
        return;
    for (size_t i = 0; i < master_cf->n_node; i++) {
        const struct node *node = &master_cf->node[i];
        const char *command = strcmp(node->label, "service") == 0 ? node_child_value(node, "command") : "";
        const char *host;
        int port;
        if ((strcmp(command, "smtpd") != 0 && strcmp(command, "postscreen") != 0) ||
            strcmp(node_child_value(node, "type"), "inet") != 0 ||
            !postfix_service_address(node->value, &host, &port))
            continue;
        bool wrapped = option_says(node, "smtpd_tls_wrappermode", "yes");
        add_port(health, wrapped ? SMTPS : SMTP, numeric(host) ? host : bound_address(docs), port);
    }
}

static void measure(struct health *health)
{
    const char *why;
    for (size_t i = 0; i < health->n_port && !interrupted(); i++)
        health->port[i].greets = greets(&health->port[i]);
    health->master = daemon_is("postfix", "running", &why);
    health->check = CANNOT_TELL;
}

/* It starts a hundred programs, so it is asked last. */
static void measure_check(struct health *health)
{
    const char *why;
    health->check = run_have("postfix") ? run_check("postfix", &why) : CANNOT_TELL;
}

void health_take(struct docs *docs, bool check, struct health *ret_health)
{
    static const struct {
        enum protocol protocol;
        int port;
    } dovecot[] = {{IMAP, 143}, {IMAPS, 993}, {POP3, 110}, {POP3S, 995}};
    struct health health = {0};
    const char *why;
    add_postfix_ports(docs, &health);
    if (facts_installed(docs->facts, "dovecot") == HOLDS && daemon_is("dovecot", "running", &why) == HOLDS)
        for (size_t i = 0; i < COUNT(dovecot); i++)
            if (session_port_open("127.0.0.1", dovecot[i].port, 2000))
                add_port(&health, dovecot[i].protocol, "127.0.0.1", dovecot[i].port);
    measure(&health);
    if (check)
        measure_check(&health);
    *ret_health = health;
}

void health_again(const struct health *before, struct health *ret_health)
{
    struct health health = *before;
    health.port = NULL;
    health.n_port = 0;
    for (size_t i = 0; i < before->n_port; i++)
        add_port(&health, before->port[i].protocol, before->port[i].host, before->port[i].port);
    progress_begin(_("waiting for the health of before"));
    int64_t end = now_ms() + PATIENCE_MS;
    do {
        measure(&health);
        if (before->check == HOLDS && health_worse(before, &health) == NULL)
            measure_check(&health);
    } while (health_worse(before, &health) != NULL && now_ms() < end && !nap(500));
    progress_end();
    *ret_health = health;
}

const char *health_worse(const struct health *before, const struct health *after)
{
    for (size_t i = 0; i < before->n_port; i++)
        if (before->port[i].greets == HOLDS && after->port[i].greets == FAILS)
            return arena_printf(_("%s port %d greeted before and does not now"), before->port[i].host,
                                before->port[i].port);
    if (before->master == HOLDS && after->master == FAILS)
        return _("Postfix ran before and does not now");
    if (before->check == HOLDS && after->check == FAILS)
        return _("postfix check was content before and is not now");
    return NULL;
}

void health_forget(struct health *health, const char *daemon)
{
    size_t kept = 0;
    for (size_t i = 0; i < health->n_port; i++)
        if (strcmp(daemon_of(health->port[i].protocol), daemon) != 0)
            health->port[kept++] = health->port[i];
    health->n_port = kept;
    if (strcmp(daemon, "postfix") == 0)
        health->master = CANNOT_TELL;
}

/* Listens for so long; at least once. */
static enum verdict stays_quiet(const struct fix *fix, const struct heard_marks *marks, int milliseconds,
                                const char **ret_why)
{
    int64_t end = now_ms() + milliseconds;
    const char *back = NULL;
    for (;;) {
        struct err err;
        enum verdict verdict = heard_since(fix, marks, &back, &err);
        if (back != NULL) {
            *ret_why = arena_printf(_("the symptom is back in the log: %s"), back);
            return FAILS;
        }
        if (verdict != HOLDS) {
            *ret_why = arena_string(err.text);
            return CANNOT_TELL;
        }
        int64_t left = end - now_ms();
        if (left <= 0)
            return HOLDS;
        if (nap(left < 500 ? (int)left : 500)) {
            *ret_why = _("interrupted");
            return CANNOT_TELL;
        }
    }
}

/* ---- verify ---- */

static enum verdict ask(struct context *ctx, const struct probe *verify, const char **ret_why)
{
    enum verdict verdict;
    struct evidence evidence = {0};
    struct err err;
    if (verify->kind == PROBE_SESSION)
        return probe_session(ctx, &verify->talk, ret_why);
    if (!plan_probe(ctx, verify, false, &evidence, &verdict, &err)) {
        *ret_why = arena_string(err.text);
        return CANNOT_TELL;
    }
    *ret_why = evidence.sentence;
    return verdict;
}

/* Postfix's master takes note of a reload some time after the command has ended, more so on a busy host. */
static enum verdict ask_settled(struct context *ctx, const struct probe *verify, const char **ret_why)
{
    int64_t end = now_ms() + SETTLE_MS;
    enum verdict verdict;
    do {
        verdict = ask(ctx, verify, ret_why);
    } while (verdict == FAILS && now_ms() < end && !nap(300));
    return verdict;
}

static enum verdict verify_one(struct context *ctx, const struct probe *verify, const struct strings *ran,
                               const struct heard_marks *marks, const char **ret_why)
{
    enum verdict verdict;
    struct err err;
    if (!cond_all(ctx, verify->when, verify->n_when, &verdict, &err)) {
        *ret_why = arena_string(err.text);
        return CANNOT_TELL;
    }
    if (verdict != HOLDS) {
        *ret_why = _("whether it is to be asked is not known");
        return verdict == FAILS ? HOLDS : CANNOT_TELL; /* a verify that is not for this case holds */
    }
    if (verify->kind == PROBE_SESSION && !strings_have(ran, daemon_of(verify->talk.protocol))) {
        *ret_why = arena_printf(_("%s does not run"), daemon_of(verify->talk.protocol));
        return CANNOT_TELL;
    }
    if (verify->kind == PROBE_COND && verify->cond.kind == COND_QUIET)
        return stays_quiet(ctx->fix, marks, atoi(verify->cond.words.item[0]) * 1000, ret_why);
    return ask_settled(ctx, verify, ret_why);
}

enum verdict probe_verify(struct planned *planned, size_t n, const struct strings *ran,
                          const struct heard_marks *marks, struct strings *left_to_do, const char **ret_why)
{
    for (size_t i = 0; i < n; i++) {
        struct context *ctx = &planned[i].ctx;
        for (size_t k = 0; k < ctx->fix->n_verify && !interrupted(); k++) {
            const struct probe *verify = &ctx->fix->verify[k];
            const char *why = NULL;
            if (verify->kind == PROBE_COND && !cond_is_live(&verify->cond))
                continue; /* asked of the new text before the commit */
            const char *written = fix_probe_sentence(verify, context_text(ctx, verify->written));
            say("checking: %s", written);
            enum verdict verdict = verify_one(ctx, verify, ran, marks, &why);
            if (verdict == FAILS) {
                *ret_why = arena_printf(_("%s does not hold%s%s"), written, why != NULL ? ": " : "",
                                        why != NULL ? why : "");
                return FAILS;
            }
            if (verdict == CANNOT_TELL)
                strings_add(left_to_do, arena_printf(_("check: %s (it could not be told here%s%s)"), written,
                                                     why != NULL ? ": " : "", why != NULL ? why : ""));
        }
        /* Nobody needs to write that the symptoms must not come back. */
        const char *why = NULL;
        if (heard_any(ctx->fix) && stays_quiet(ctx->fix, marks, 0, &why) == FAILS) {
            *ret_why = why;
            return FAILS;
        }
    }
    return HOLDS;
}
