/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line of the mail log, taken to pieces; see maillog.h for the contract.
 *
 * Protocol: a line counts only as what its writer's tag says, the first word[pid]: behind time and host name:
 * whatever a message quotes further on (a HELO, a header) was chosen by strangers.
 *
 * Limits: Postfix instances are known by the start of their name only. Nothing is allocated.
 */
#include "maillog_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- host name and severity ---- */

/* mail.info, <daemon.err>, AIX's mail:info: a column that some syslogds add beside the host name. */
static bool is_severity(const char *p)
{
    static const char *const names[] = {"emerg", "alert",   "crit",   "err",  "error",
                                        "warn",  "warning", "notice", "info", "debug"};
    p += p[0] == '<';
    size_t facility = strspn(p, "abcdefghijklmnopqrstuvwxyz01234567");
    if (facility == 0 || p[facility] == '\0' || strchr(".:|", p[facility]) == NULL)
        return false;
    const char *start = p + facility + 1;
    size_t name = strspn(start, "abcdefghijklmnopqrstuvwxyz");
    if (start[name] != '>' && start[name] != ' ')
        return false;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strlen(names[i]) == name && memcmp(names[i], start, name) == 0)
            return true;
    return false;
}

/* ---- the writer's tag ---- */

/* Programs that come with Postfix and, outside of syslog, say only their own name. */
static bool is_tool(const char *name, size_t len)
{
    static const char *const tools[] = {"postconf",   "postmap",  "postalias", "postqueue", "postsuper",
                                        "newaliases", "postdrop", "postlog",   "postmulti"};
    for (size_t i = 0; i < COUNT(tools); i++)
        if (strlen(tools[i]) == len && memcmp(tools[i], name, len) == 0)
            return true;
    return false;
}

/* The length of a mail program's name at p, which a "[", a ":" or the end of the word ends; 0: another
 * program's. */
static size_t mail_program(const char *p)
{
    static const char *const starts[] = {"postfix", "dovecot", "sendmail", "sm-", "exim"};
    size_t len = strcspn(p, " \t[:");
    for (size_t i = 0; i < COUNT(starts); i++) {
        size_t start = strlen(starts[i]);
        /* postfixadmin is no part of Postfix, postfix-in/smtpd and exim4 are what they say. */
        if (starts_with(p, starts[i]) && (starts[i][start - 1] == '-' || !isalpha((unsigned char)p[start])))
            return len;
    }
    return 0;
}

/* Dovecot's processes, which name themselves in its own log files, where no "dovecot" stands before them. */
static bool is_process(const char *name, size_t len)
{
    static const char *const processes[] = {"anvil",
                                            "auth",
                                            "auth-worker",
                                            "config",
                                            "dict",
                                            "director",
                                            "dns-client",
                                            "doveadm",
                                            "doveconf",
                                            "imap",
                                            "imap-hibernate",
                                            "imap-login",
                                            "indexer",
                                            "lda",
                                            "lmtp",
                                            "log",
                                            "managesieve",
                                            "managesieve-login",
                                            "master",
                                            "pop3",
                                            "pop3-login",
                                            "replicator",
                                            "ssl-params",
                                            "stats",
                                            "submission",
                                            "indexer-worker",
                                            "submission-login"};
    for (size_t i = 0; i < COUNT(processes); i++)
        if (strlen(processes[i]) == len && strncasecmp(processes[i], name, len) == 0)
            return true;
    return false;
}

/* The tag of a line behind its time. Before it stand the host name, a severity, both or neither. */
static const char *find_tag(const char *p)
{
    size_t words = 0, severities = 0;
    for (; *p != '\0' && words <= 1 + severities; p = maillog_after_word(p), words++) {
        if (p[maillog_word(p) - 1] == ':')
            return p;
        if (severities == 0 && is_severity(p))
            severities = 1;
    }
    return NULL;
}

static char *put(char **room, const char *text, size_t len)
{
    char *place = *room;
    memcpy(place, text, len);
    place[len] = '\0';
    *room += len + 1;
    return place;
}

/* ---- the message ---- */

static const struct {
    const char *postfix, *dovecot;
    enum level level;
} levels[] = {
    {"warning: ", "Warning: ", LEVEL_WARNING}, {"error: ", "Error: ", LEVEL_ERROR},
    {"fatal: ", "Fatal: ", LEVEL_FATAL},       {"panic: ", "Panic: ", LEVEL_PANIC},
    {"info: ", "Info: ", LEVEL_INFO},          {"debug: ", "Debug: ", LEVEL_INFO},
};

/* Reads the level at the start of the text and goes on behind it. */
static bool read_level(struct log_line *line, bool dovecot)
{
    for (size_t i = 0; i < COUNT(levels); i++) {
        const char *name = dovecot ? levels[i].dovecot : levels[i].postfix;
        if (starts_with(line->text, name)) {
            line->level = levels[i].level;
            line->text += strlen(name);
            return true;
        }
    }
    return false;
}

/* The process that Dovecot's log process names: "imap-login: ", "imap(user)<pid><session>: ". Returns the
 * length of its name and what follows; 0 when there is none. */
static size_t dovecot_process(const char *text, const char **ret_rest)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    const char *p = text + name;
    if (name > 0 && *p == '(') {
        p += strcspn(p, ")");
        p += *p == ')';
    }
    while (name > 0 && *p == '<') {
        p += strcspn(p, ">");
        p += *p == '>';
    }
    if (name == 0 || p[0] != ':' || p[1] != ' ')
        return 0;
    *ret_rest = p + 2;
    return name;
}

static void set_process(struct log_line *line, const char *start, const char *name, size_t len, char **room)
{
    char *program = *room;
    *room += sprintf(program, "%s%.*s", start, (int)len, name) + 1;
    line->program = program;
}

/* "imap-login: Error: x", and as Dovecot 1 wrote it "Error: imap-login: x". */
static void read_dovecot(struct log_line *line, char **room)
{
    const char *rest = NULL;
    bool level = read_level(line, true);
    size_t name = dovecot_process(line->text, &rest);
    if (name == 0 || (level && !is_process(line->text, name)))
        return;
    set_process(line, "dovecot/", line->text, name, room);
    line->text = rest;
    if (!level)
        read_level(line, true);
}

/* What systemd logs for "postfix start" is what its programs say on standard error: "postfix/postfix-script:
 * ",
 * "/usr/sbin/postconf: ". */
static void read_postfix(struct log_line *line, char **room)
{
    size_t len = strcspn(line->text, " :");
    const char *end = line->text + len, *name = end;
    while (name > line->text && name[-1] != '/')
        name--;
    bool program =
        starts_with(line->text, "postfix/") && name == line->text + strlen("postfix/") && name < end;
    if (end[0] == ':' && end[1] == ' ' && (program || is_tool(name, (size_t)(end - name)))) {
        set_process(line, "postfix/", name, (size_t)(end - name), room);
        line->text = end + 2;
    }
    read_level(line, false);
}

/* Solaris: "[ID 197553 mail.info] " before the message. */
static const char *skip_id(const char *text)
{
    const char *end = starts_with(text, "[ID ") ? strstr(text, "] ") : NULL;
    return end != NULL ? end + 2 : text;
}

/* rsyslog: "message repeated 3 times: [ error: x]" is "error: x", three times. */
static const char *once(const char *text, char **room, unsigned *ret_repeats)
{
    const char *p = text + strlen("message repeated ");
    if (!starts_with(text, "message repeated "))
        return text;
    size_t digits = strspn(p, "0123456789"), len = strlen(p);
    if (digits < 1 || digits > 9 || !starts_with(p + digits, " times: [") || p[len - 1] != ']')
        return text;
    *ret_repeats = (unsigned)strtoul(p, NULL, 10);
    p += digits + strlen(" times: [");
    p += *p == ' ';
    return put(room, p, (size_t)(text + strlen(text) - 1 - p));
}

/* A writer and what it writes, in the line. */
struct tag {
    const char *name, *pid;
    size_t name_len, pid_len;
    const char *text;
};

/* "postfix/smtpd[77]: text". */
static bool read_tag(const char *p, struct tag *ret_tag)
{
    struct tag tag = {.name = p, .name_len = strcspn(p, " \t[:"), .pid = ""};
    p += tag.name_len;
    if (*p == '[') {
        tag.pid = p + 1;
        tag.pid_len = strspn(tag.pid, "0123456789");
        p += 1 + tag.pid_len;
        if (*p++ != ']')
            return false;
    }
    if (tag.name_len == 0 || p[0] != ':' || (p[1] != ' ' && p[1] != '\0'))
        return false;
    tag.text = p + 1 + strspn(p + 1, " ");
    *ret_tag = tag;
    return true;
}

/* RFC 5424: "postfix/smtpd 77 - - text", with "[id name="value"]" for the second "-". */
static bool read_ietf_tag(const char *p, struct tag *ret_tag)
{
    struct tag tag = {.name = p, .name_len = maillog_word(p), .pid = maillog_after_word(p)};
    tag.pid_len = strspn(tag.pid, "0123456789");
    const char *data = maillog_after_word(maillog_after_word(tag.pid));
    while (*data == '[' && strchr(data, ']') != NULL)
        data = strchr(data, ']') + 1;
    data += *data == '-';
    if (*data != ' ' && *data != '\0')
        return false;
    data += *data == ' ';
    tag.text = data + (starts_with(data, "\xef\xbb\xbf") ? 3 : 0);
    *ret_tag = tag;
    return true;
}

/* Docker and Podman may log what a container says under its number or their own name. */
static bool is_container(const struct tag *tag)
{
    bool number = tag->name_len == 12 && strspn(tag->name, "0123456789abcdef") == 12;
    return number || starts_with(tag->name, "docker") || starts_with(tag->name, "podman") ||
           starts_with(tag->name, "conmon");
}

/* What a daemon was told to write to its standard output, and systemd logs under its name: there its own line
 * begins with its time. */
static bool is_stream(const struct tag *tag)
{
    bool daemon = (tag->name_len == 7) &&
                  (memcmp(tag->name, "postfix", 7) == 0 || memcmp(tag->name, "dovecot", 7) == 0);
    struct head head;
    if (!daemon || (!isdigit((unsigned char)tag->text[0]) && !isupper((unsigned char)tag->text[0])))
        return false;
    maillog_head(tag->text, &head);
    return head.when != NULL;
}

/* In Dovecot's own log a process and its level stand right behind the time. */
static bool is_own_log(const char *p)
{
    struct log_line line = {0};
    size_t len = dovecot_process(p, &line.text);
    return len > 0 && is_process(p, len) && read_level(&line, true);
}

static bool name_writer(const struct tag *tag, char **room, struct log_line *line)
{
    if (mail_program(tag->name) == tag->name_len)
        line->program = put(room, tag->name, tag->name_len);
    else if (is_tool(tag->name, tag->name_len))
        set_process(line, "postfix/", tag->name, tag->name_len, room);
    else if (tag->name_len == 8 && memcmp(tag->name, "doveconf", 8) == 0)
        set_process(line, "dovecot/", tag->name, tag->name_len, room);
    else
        return false;
    line->pid = put(room, tag->pid, tag->pid_len);
    return true;
}

static void read_message(struct log_line *line, const char *text, char **room)
{
    line->text = once(skip_id(text), room, &line->repeats);
    if (strcmp(line->program, "dovecot") == 0)
        read_dovecot(line, room);
    else if (starts_with(line->program, "postfix"))
        read_postfix(line, room);
    else
        read_level(line, starts_with(line->program, "dovecot/"));
}

/* The first word between time and tag that is no severity. */
static const char *host_before(const char *p, const char *tag, char **room)
{
    while (p < tag && is_severity(p))
        p = maillog_after_word(p);
    return p < tag ? put(room, p, maillog_word(p)) : "";
}

/* Where the tag begins; without a time only at once. */
static const char *place_of_tag(const struct head *head, bool undated)
{
    if (head->ietf)
        return maillog_after_word(head->behind);
    if (head->when != NULL)
        return find_tag(head->behind);
    return undated ? head->behind : NULL;
}

/* A line without what a terminal added. inner: it is what a container said, behind the tag of another. */
static bool split_bare(const char *bare, bool undated, bool inner, char *room, struct log_line *line)
{
    struct head head;
    struct tag tag;
    maillog_head(bare, &head);
    if (!inner && head.when != NULL)
        line->when = head.when;
    if (head.own || (head.when != NULL && is_own_log(head.behind))) {
        line->program = "dovecot";
        read_message(line, head.behind, &room);
        return true;
    }
    const char *place = place_of_tag(&head, undated);
    if (place == NULL || !(head.ietf ? read_ietf_tag(place, &tag) : read_tag(place, &tag)))
        return false;
    if (!inner && head.when != NULL)
        line->host = host_before(head.behind, place, &room);
    bool container = is_container(&tag);
    if (!inner && (container || is_stream(&tag)) && split_bare(tag.text, container, true, room, line))
        return true;
    if (!name_writer(&tag, &room, line))
        return false;
    read_message(line, tag.text, &room);
    return true;
}

bool maillog_split(const char *raw, bool undated, char *room, struct log_line *ret_line)
{
    struct log_line line = {.raw = raw, .pid = "", .host = "", .when = "", .repeats = 1};
    const char *bare = maillog_bare(raw, &room);
    if (!split_bare(bare, undated, false, room, &line))
        return false;
    *ret_line = line;
    return true;
}

unsigned maillog_last_repeated(const char *raw)
{
    struct head head;
    char bare[MAILLOG_ROOM(MAILLOG_LINE)], *room = bare;
    if (strstr(raw, MAILLOG_REPEATED) == NULL || strlen(raw) > MAILLOG_LINE)
        return 0;
    maillog_head(maillog_bare(raw, &room), &head);
    if (head.when == NULL)
        return 0;
    const char *said = head.behind;
    if (!starts_with(said, MAILLOG_REPEATED))
        said = maillog_after_word(said);
    if (!starts_with(said, MAILLOG_REPEATED))
        return 0;
    said += strlen(MAILLOG_REPEATED);
    size_t digits = strspn(said, "0123456789");
    return digits >= 1 && digits <= 9 && starts_with(said + digits, " time")
               ? (unsigned)strtoul(said, NULL, 10)
               : 0;
}

bool maillog_parse(const char *raw, struct log_line *ret_line)
{
    const char *copy = arena_string(raw);
    return maillog_split(copy, false, arena_alloc(MAILLOG_ROOM(strlen(raw))), ret_line);
}

const char *maillog_level_name(enum level level)
{
    static const char *const names[] = {[LEVEL_INFO] = "info",
                                        [LEVEL_WARNING] = "warning",
                                        [LEVEL_ERROR] = "error",
                                        [LEVEL_FATAL] = "fatal",
                                        [LEVEL_PANIC] = "panic"};
    return names[level];
}
