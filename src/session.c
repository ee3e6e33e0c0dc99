/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dialogues with mail ports; see session.h for the contract.
 *
 * Protocol: libcurl reads the greeting, asks for the capabilities, goes over to TLS when told to, sends one
 * command that changes nothing and takes its leave, so that the server's log shows a whole session. What the
 * server says is caught in the debug callback: the first line is the greeting, and libcurl asks for the
 * capabilities before and behind STARTTLS of its own accord. Nobody logs in.
 *
 * Limits: the greeting is cut at 255 bytes, also for the pattern. An interrupt is seen within a second. A
 * greeting that never ends its line is no greeting.
 */
#include "session.h"
#include "config.h"
#include "capability.h"
#include "pattern.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_CURL
#include <curl/curl.h>
#endif

static const struct {
    const char *name;    /* also libcurl's scheme */
    const char *command; /* harmless before a login; POP3 knows only QUIT there */
} protocols[] = {
    [SMTP] = {"smtp", "NOOP"},   [SMTPS] = {"smtps", "NOOP"}, [IMAP] = {"imap", "NOOP"},
    [IMAPS] = {"imaps", "NOOP"}, [POP3] = {"pop3", "QUIT"},   [POP3S] = {"pop3s", "QUIT"},
};

bool protocol_named(const char *name, enum protocol *ret_protocol)
{
    for (size_t i = 0; i < COUNT(protocols); i++)
        if (strcmp(protocols[i].name, name) == 0) {
            *ret_protocol = (enum protocol)i;
            return true;
        }
    return false;
}

static void answer(struct session_result *result, enum verdict verdict, const struct session *session,
                   const char *fmt, ...) PRINTF(4, 5);

static void answer(struct session_result *result, enum verdict verdict, const struct session *session,
                   const char *fmt, ...)
{
    result->verdict = verdict;
    int used = snprintf(result->why, sizeof(result->why), _("%s port %d: "), session->host, session->port);
    if (used < 0 || (size_t)used >= sizeof(result->why))
        return;
    va_list ap;
    va_start(ap, fmt);
    text_vprint(result->why + used, sizeof(result->why) - (size_t)used, gettext(fmt), ap);
    va_end(ap);
}

#ifdef HAVE_CURL

static struct {
    CURL *(*init)(void);
    CURLcode (*setopt)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    CURLcode (*getinfo)(CURL *, CURLINFO, ...);
    void (*cleanup)(CURL *);
    const char *(*strerror)(CURLcode);
} curl;

static bool curl_load(struct err *err)
{
    static const char *const names[] = {"curl_easy_init",    "curl_easy_setopt",  "curl_easy_perform",
                                        "curl_easy_getinfo", "curl_easy_cleanup", "curl_easy_strerror"};
    void *functions[COUNT(names)];
    _Static_assert(sizeof(functions) == sizeof(curl), "one member for each name");
    if (curl.init != NULL)
        return true;
    if (!library_load("libcurl.so.4", names, functions, COUNT(names), err))
        return false;
    memcpy(&curl, functions, sizeof(curl));
    return true;
}

/* What came in: the greeting, the capabilities before and behind STARTTLS, the last line. */
struct hearing {
    struct session_result *result;
    struct buf capabilities[2];
    bool tls, listing; /* STARTTLS was sent; what comes answers a question for capabilities */
    bool leaving;      /* QUIT was sent */
    const char *last;  /* what came before that */
};

static void hear_command(struct hearing *h, const char *data, size_t size)
{
    struct strings words = strings_split(arena_copy(data, size), " \r\n");
    const char *command = words.n == 0 ? "" : words.item[words.n > 1 && words.item[0][0] == 'A' ? 1 : 0];
    h->listing =
        strcmp(command, "EHLO") == 0 || strcmp(command, "CAPABILITY") == 0 || strcmp(command, "CAPA") == 0;
    h->leaving |= strcmp(command, "QUIT") == 0;
    h->tls |= strcmp(command, "STARTTLS") == 0 || strcmp(command, "STLS") == 0;
}

static int hear(CURL *handle, curl_infotype type, char *data, size_t size, void *arg)
{
    (void)handle;
    struct hearing *h = arg;
    if (type == CURLINFO_HEADER_OUT)
        hear_command(h, data, size);
    if (type != CURLINFO_HEADER_IN)
        return 0;
    if (h->listing)
        buf_add(&h->capabilities[h->tls], data, size);
    while (size > 0 && (data[size - 1] == '\n' || data[size - 1] == '\r'))
        size--;
    const char *line = arena_copy(data, size);
    if (h->result->greeting[0] == '\0')
        snprintf(h->result->greeting, sizeof(h->result->greeting), "%s", line);
    if (!h->leaving)
        h->last = line;
    return 0;
}

static size_t drop(char *data, size_t size, size_t n, void *arg)
{
    (void)data;
    (void)arg;
    return size * n;
}

static int stop_when_interrupted(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)arg, (void)a, (void)b, (void)c, (void)d;
    progress_tick();
    return interrupted() ? 1 : 0;
}

/* A proxy or a resolver named in the environment must not lead the dialogue away from this machine. */
static void prepare(CURL *handle, const struct session *session, struct hearing *hearing, char *detail)
{
    bool ipv6 = strchr(session->host, ':') != NULL;
    /* The path is what an SMTP server is greeted with; the other protocols have no use for one. */
    bool smtp = session->protocol == SMTP || session->protocol == SMTPS;
    const char *url = arena_printf("%s://%s%s%s:%d/%s", protocols[session->protocol].name, ipv6 ? "[" : "",
                                   session->host, ipv6 ? "]" : "", session->port, smtp ? "localhost" : "");
    curl.setopt(handle, CURLOPT_URL, url);
    curl.setopt(handle, CURLOPT_PROXY, "");
    curl.setopt(handle, CURLOPT_NOPROXY, "*");
    curl.setopt(handle, CURLOPT_CUSTOMREQUEST, protocols[session->protocol].command);
    curl.setopt(handle, CURLOPT_NOBODY, 1L);
    curl.setopt(handle, CURLOPT_USE_SSL, (long)(session->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl.setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    curl.setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    curl.setopt(handle, CURLOPT_TIMEOUT_MS, (long)session->limit_ms);
    curl.setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)session->limit_ms);
    curl.setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.setopt(handle, CURLOPT_ERRORBUFFER, detail);
    curl.setopt(handle, CURLOPT_VERBOSE, 1L);
    curl.setopt(handle, CURLOPT_DEBUGFUNCTION, hear);
    curl.setopt(handle, CURLOPT_DEBUGDATA, hearing);
    curl.setopt(handle, CURLOPT_WRITEFUNCTION, drop);
    curl.setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl.setopt(handle, CURLOPT_XFERINFOFUNCTION, stop_when_interrupted);
}

static const char *duration(int ms)
{
    return ms % 1000 == 0 ? arena_printf(_("%d s"), ms / 1000) : arena_printf(_("%d ms"), ms);
}

static void not_connected(CURL *handle, const struct session *session, struct session_result *result,
                          const char *detail)
{
    long number = 0;
    curl.getinfo(handle, CURLINFO_OS_ERRNO, &number);
    char *reason = arena_string(number != 0 ? strerror((int)number) : detail);
    reason[0] = (char)tolower((unsigned char)reason[0]);
    answer(result, FAILS, session, "%s", reason);
}

static void too_late(CURL *handle, const struct session *session, struct session_result *result)
{
    curl_off_t connected = 0;
    curl.getinfo(handle, CURLINFO_CONNECT_TIME_T, &connected);
    const char *limit = duration(session->limit_ms);
    if (connected == 0)
        answer(result, FAILS, session, "no connection within %s", limit);
    else if (result->greeting[0] == '\0')
        answer(result, FAILS, session, "no greeting within %s", limit);
    else
        answer(result, FAILS, session, "greeted, but the session was not over within %s", limit);
}

/* Says what libcurl's code means for a person who looks after a mail server. */
static void explain(CURL *handle, CURLcode code, const struct session *session, struct session_result *result,
                    const char *detail)
{
    if (detail[0] == '\0')
        detail = curl.strerror(code);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        answer(result, CANNOT_TELL, session, "interrupted");
    else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_NOT_BUILT_IN || code == CURLE_FAILED_INIT)
        answer(result, CANNOT_TELL, session, "libcurl cannot hold this dialogue: %s", detail);
    else if (code == CURLE_COULDNT_CONNECT)
        not_connected(handle, session, result, detail);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        too_late(handle, session, result);
    else if (code == CURLE_USE_SSL_FAILED)
        answer(result, FAILS, session, "STARTTLS is %s",
               strstr(detail, "denied") != NULL ? _("offered, but refused") : _("not offered"));
    else if (code == CURLE_SSL_CONNECT_ERROR)
        answer(result, FAILS, session, "TLS failed: %s", detail);
    else if (result->greeting[0] == '\0')
        answer(result, FAILS, session, "closed without a greeting");
    else
        answer(result, FAILS, session, "greeted with \"%s\", then: %s", result->greeting, detail);
}

static void judge_capability(const struct session *session, const struct wish *wish,
                             const struct hearing *hearing, struct session_result *result)
{
    bool offered =
        capability_offered(session->protocol, buf_text(&hearing->capabilities[wish->over_tls]), wish->word);
    if (offered == (wish->kind == OFFERS))
        return;
    const char *when = !session->starttls ? "" : wish->over_tls ? _(" over TLS") : _(" before STARTTLS");
    if (offered)
        answer(result, FAILS, session, "offers %s%s", wish->word, when);
    else
        answer(result, FAILS, session, "does not offer %s%s", wish->word, when);
}

/* One more command in the same session; libcurl calls an answer of 4xx or 5xx an error and hangs up. */
static CURLcode say_command(CURL *handle, const char *command, struct hearing *hearing)
{
    hearing->last = "";
    curl.setopt(handle, CURLOPT_CUSTOMREQUEST, command);
    return curl.perform(handle);
}

/* MAIL and RCPT, never DATA: nothing is ever sent. The recipient's domain exists, so that a refusal is about
 * relaying and not about the domain. */
static void judge_relay(CURL *handle, const struct session *session, struct hearing *hearing,
                        struct session_result *result)
{
    static const char *const commands[] = {"MAIL FROM:<>", "RCPT TO:<mailfix@example.com>"};
    for (size_t i = 0; i < COUNT(commands); i++) {
        long connects = 0;
        CURLcode code = say_command(handle, commands[i], hearing);
        curl.getinfo(handle, CURLINFO_NUM_CONNECTS, &connects);
        if (connects > 0 || hearing->last[0] == '\0')
            answer(result, CANNOT_TELL, session, "the session was not open any more for %s", commands[i]);
        else if (code == CURLE_OK)
            continue;
        else if (hearing->last[0] != '4' && hearing->last[0] != '5')
            answer(result, CANNOT_TELL, session, "%s was answered with \"%s\"", commands[i], hearing->last);
        return; /* refused, as it should be */
    }
    result->relays = true;
    answer(result, FAILS, session, "a foreign recipient is accepted: \"%s\"", hearing->last);
}

static void talk(CURL *handle, const struct session *session, struct session_result *result)
{
    char detail[CURL_ERROR_SIZE] = "";
    struct hearing hearing = {.result = result};
    prepare(handle, session, &hearing, detail);
    CURLcode code = curl.perform(handle);
    if (code != CURLE_OK) {
        explain(handle, code, session, result, detail);
        return;
    }
    result->verdict = HOLDS;
    for (size_t i = 0; i < session->n_wish && result->verdict == HOLDS; i++)
        if (session->wish[i].kind == REFUSES_RELAY)
            judge_relay(handle, session, &hearing, result);
        else
            judge_capability(session, &session->wish[i], &hearing, result);
}

#endif

static void judge_greeting(const struct session *session, struct session_result *result)
{
    struct err err;
    const struct pattern *greets = pattern_compile(session->greets, NULL, &err);
    if (greets == NULL)
        answer(result, CANNOT_TELL, session, "%s", err.text);
    else if (!pattern_match(greets, result->greeting, strlen(result->greeting), NULL))
        answer(result, FAILS, session, "greeted with \"%s\"", result->greeting);
}

void session_hold(const struct session *session, struct session_result *ret_result)
{
    struct session_result result = {.verdict = CANNOT_TELL};
#ifdef HAVE_CURL
    struct err err;
    CURL *handle = NULL;
    if (!curl_load(&err)) {
        answer(&result, CANNOT_TELL, session, "%s", err.text);
    } else if ((handle = curl.init()) == NULL) {
        answer(&result, FAILS, session, "libcurl has no memory");
    } else {
        /* OpenSSL writes without MSG_NOSIGNAL; a server that hangs up must not end this program. */
        struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
        sigaction(SIGPIPE, &ignore, &before);
        talk(handle, session, &result);
        curl.cleanup(handle); /* takes leave of the server */
        sigaction(SIGPIPE, &before, NULL);
    }
#else
    answer(&result, CANNOT_TELL, session, "this mailfix was built without libcurl");
#endif
    if (result.verdict == HOLDS && session->greets != NULL)
        judge_greeting(session, &result);
    *ret_result = result;
}

/* Waits for a connection that is under way, in slices so that an interrupt ends it. */
static bool connected_in_time(int fd, int limit_ms)
{
    int64_t until = now_ms() + limit_ms;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    while (!interrupted()) {
        progress_tick();
        int64_t left = until - now_ms();
        if (left <= 0)
            return false;
        if (poll(&wait, 1, left < 100 ? (int)left : 100) > 0) {
            int failure = 0;
            socklen_t size = sizeof(failure);
            return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
        }
    }
    return false;
}

static socklen_t numeric_address(const char *host, int port, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(ret_address, &v4, sizeof(v4));
        return sizeof(v4);
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(ret_address, &v6, sizeof(v6));
        return sizeof(v6);
    }
    return 0;
}

bool session_port_open(const char *host, int port, int limit_ms)
{
    struct sockaddr_storage address = {0};
    socklen_t size = numeric_address(host, port, &address);
    if (size == 0)
        return false;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool open = connect(fd, (struct sockaddr *)&address, size) == 0 ||
                (errno == EINPROGRESS && connected_in_time(fd, limit_ms));
    close(fd);
    return open;
}

struct strings session_addresses(void)
{
    struct strings list = {0};
    struct ifaddrs *all = NULL;
    char text[INET6_ADDRSTRLEN];
    if (getifaddrs(&all) != 0)
        return list;
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        if (one->ifa_addr == NULL || (one->ifa_flags & IFF_UP) == 0)
            continue;
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)one->ifa_addr;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)one->ifa_addr;
        int family = one->ifa_addr->sa_family;
        if (family == AF_INET && inet_ntop(family, &v4->sin_addr, text, sizeof(text)) != NULL)
            strings_add(&list, arena_string(text));
        if (family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) &&
            inet_ntop(family, &v6->sin6_addr, text, sizeof(text)) != NULL)
            strings_add(&list, arena_string(text));
    }
    freeifaddrs(all);
    return list;
}
