/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the machine says of itself; see facts.h.
 *
 * postconf is asked with -d and -m only: these do not read main.cf, so they answer when main.cf is broken,
 * and they do not sleep until a main.cf that was just written has "cooled down". What main.cf sets is read
 * from the document itself, by the same expansion for the text on disk and for a planned one.
 *
 * Limits: one Postfix instance, the one whose directory is compiled in.
 */
#include "facts.h"

#include "package.h"
#include "postfix.h"
#include "postfix_names.h"
#include "run.h"
#include "stage.h"

#include <string.h>
#include <unistd.h>

#define ASK_MS 20000

struct fact {
    const char *name, *value; /* value NULL: asked, and unknown */
};

struct facts {
    const struct root *root;
    struct fact *fact;
    size_t n;
    const char *defaults; /* what `postconf -d` says; NULL: not asked yet */
};

static const struct fact *find(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n; i++)
        if (strcmp(facts->fact[i].name, name) == 0)
            return &facts->fact[i];
    return NULL;
}

static void put(struct facts *facts, const char *name, const char *value)
{
    struct fact fact = {name, value};
    if (find(facts, name) == NULL)
        facts->fact = arena_append(facts->fact, &facts->n, sizeof(fact), &fact);
}

/* ---- the facts file ---- */

static bool known_name(const char *name)
{
    static const char *const names[] = {"os.id",
                                        "os.version",
                                        "init",
                                        "host.name",
                                        "host.ipv6",
                                        "postfix.version",
                                        "postfix.table-types",
                                        "postfix.config-directory",
                                        "postfix.queue-directory",
                                        "postfix.data-directory",
                                        "postfix.default-table-type",
                                        "dovecot.version",
                                        "dovecot.config-file"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return starts_with(name, "postfix.default.") || starts_with(name, "postfix.value.") ||
           starts_with(name, "dovecot.value.");
}

static bool read_fact_line(struct facts *facts, const char *file, size_t line, char *text, struct err *err)
{
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return err_outcome(err, USAGE, "%s:%zu:1: expected 'key = value'", file, line);
    char *end = equals;
    while (end > text && strchr(" \t", end[-1]) != NULL)
        end--;
    const char *name = arena_copy(text, (size_t)(end - text));
    char *value = equals + 1 + strspn(equals + 1, " \t");
    for (end = value + strlen(value); end > value && strchr(" \t\r", end[-1]) != NULL;)
        *--end = '\0';
    if (!known_name(name))
        return err_outcome(err, USAGE, "%s:%zu:1: unknown fact '%s' (mailfix(8) lists them)", file, line,
                           name);
    if (strcmp(name, "init") == 0 && strcmp(value, "systemd") != 0 && strcmp(value, "sysv") != 0 &&
        strcmp(value, "openrc") != 0 && strcmp(value, "none") != 0)
        return err_outcome(err, USAGE, "%s:%zu:%zu: init is systemd, sysv, openrc or none, not '%s'", file,
                           line, (size_t)(value - text) + 1, value);
    put(facts, name, arena_string(value));
    return true;
}

static bool read_facts_file(struct facts *facts, const char *file, struct err *err)
{
    struct root host;
    const char *text, *path = file;
    size_t len;
    char cwd[4096];
    if (file[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        path = arena_printf("%s/%s", cwd, file);
    if (!root_open("/", &host, err) || !file_read_path(&host, path, ANY_OWNER, &text, &len, err)) {
        err_prefix(err, "the facts file");
        err->outcome = USAGE;
        return false;
    }
    close(host.fd);
    char *line = arena_copy(text, len);
    for (size_t number = 1; line != NULL; number++) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        char *start = line + strspn(line, " \t\r");
        if (*start != '\0' && *start != '#' && !read_fact_line(facts, file, number, start, err))
            return false;
        line = next;
    }
    return true;
}

/* ---- asking ---- */

static const char *trimmed_line(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    return arena_copy(text, len);
}

/* The value of "NAME = value" on a line of what postconf said; NULL: it has none. Exit status and other lines
 * prove nothing. */
static const char *value_in(const char *output, const char *name)
{
    const char *start = arena_printf("%s =", name);
    for (const char *line = output; line != NULL;) {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        if (starts_with(line, start)) {
            const char *value = line + strlen(start);
            value += strspn(value, " ");
            return trimmed_line(value, (size_t)(line + len - value));
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return NULL;
}

/* Postfix's own default. The first question brings all of them: to start postconf takes longer than to hear
 * what else it has to say. What is not among them is asked for by itself. */
static const char *ask_postconf(struct facts *facts, const char *name)
{
    const char *const all[] = {"postconf", "-d", NULL}, *const one[] = {"postconf", "-d", name, NULL};
    struct run_result result;
    struct err ignored;
    if (facts->defaults == NULL)
        facts->defaults = run_program(all, ASK_MS, &result, &ignored) && !result.cut ? result.output : "";
    const char *value = value_in(facts->defaults, name);
    if (value == NULL && run_program(one, ASK_MS, &result, &ignored))
        value = value_in(result.output, name);
    return value;
}

/* postconf -m reads main.cf after all, and dies of one that it cannot read; the types do not depend on it. */
static const char *ask_table_types(struct facts *facts)
{
    const char *const argv[] = {"postconf", "-m", NULL};
    const char *dir = facts_get(facts, "postfix.config-directory");
    struct run_result result;
    struct err ignored;
    bool ok = run_program(argv, ASK_MS, &result, &ignored) && result.status == 0;
    if (!ok && dir != NULL)
        ok =
            stage_run_without(arena_printf("%s/main.cf", dir), argv, &result, &ignored) && result.status == 0;
    if (!ok)
        return NULL;
    struct strings types = strings_split(result.output, " \t\r\n");
    return strings_join(&types, " ");
}

/* "2.3.19.1 (9b53102964)" */
static const char *ask_dovecot_version(void)
{
    const char *const argv[] = {"dovecot", "--version", NULL};
    struct run_result result;
    struct err ignored;
    if (!run_have("dovecot") || !run_program(argv, ASK_MS, &result, &ignored) || result.status != 0)
        return NULL;
    return arena_copy(result.output, strcspn(result.output, " \n"));
}

/* What Dovecot says of its configuration, from the first line on that is no warning; NULL: nothing. */
static const char *ask_dovecot(const char *option, const char *path)
{
    /* 1.x has no doveconf. */
    const char *program = run_have("doveconf") ? "doveconf" : "dovecot";
    const char *const argv[] = {program, option, path, NULL};
    struct run_result result;
    struct err ignored;
    if (!run_have(program) || !run_program(argv, ASK_MS, &result, &ignored) || result.status != 0)
        return NULL;
    const char *said = result.output;
    while (starts_with(said, "doveconf: ") && strchr(said, '\n') != NULL)
        said = strchr(said, '\n') + 1;
    return said;
}

/* "# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf", the first line. */
static const char *ask_dovecot_config_file(void)
{
    const char *said = ask_dovecot("-n", NULL);
    if (said == NULL)
        return NULL;
    const char *line = arena_copy(said, strcspn(said, "\n")), *path = strstr(line, ": /");
    return line[0] == '#' && path != NULL ? path + 2 : NULL;
}

/* "login_process_size: 32" among all settings of 1.x; "login_process_size(default): 32" where a protocol has
 * another. */
static const char *setting_of_1x(const char *name)
{
    const char *line = ask_dovecot("-a", NULL);
    for (; line != NULL; line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL) {
        if (!starts_with(line, name))
            continue;
        const char *value = line + strlen(name);
        value += starts_with(value, "(default)") ? strlen("(default)") : 0;
        if (starts_with(value, ": "))
            return trimmed_line(value + 2, strcspn(value + 2, "\n"));
    }
    return NULL;
}

/* A setting, set or by default: "vsz_limit" of a service is service/NAME/vsz_limit. */
static const char *ask_doveconf(const char *path)
{
    if (!run_have("doveconf"))
        return setting_of_1x(path);
    const char *said = ask_dovecot("-h", path);
    return said != NULL ? trimmed_line(said, strcspn(said, "\n")) : NULL;
}

static const char *ask_os_release(struct facts *facts, const char *key)
{
    const char *text;
    size_t len;
    struct err ignored;
    if (!file_read_path(facts->root, "/etc/os-release", ANY_OWNER, &text, &len, &ignored))
        return NULL;
    const char *start = arena_printf("%s=", key);
    for (const char *line = text; line != NULL;
         line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL) {
        if (!starts_with(line, start))
            continue;
        line += strlen(start);
        bool quoted = line[0] == '"';
        line += quoted;
        return arena_copy(line, strcspn(line, quoted ? "\"\n" : "\n"));
    }
    return NULL;
}

/* Below a root the name is that of the tree; it may be without its domain there. */
static const char *ask_host_name(struct facts *facts)
{
    char name[256];
    const char *text;
    size_t len;
    struct err ignored;
    if (facts->root->live)
        return gethostname(name, sizeof(name)) == 0 ? arena_string(name) : NULL;
    if (!file_read_path(facts->root, "/etc/hostname", ANY_OWNER, &text, &len, &ignored) || len == 0)
        return NULL;
    return trimmed_line(text, strcspn(text, "\n"));
}

/* Whether this host speaks IPv6: the kernel lists an address, be it that of the loopback. */
static const char *ask_ipv6(void)
{
    return access("/proc/net/if_inet6", F_OK) == 0 ? "yes" : "no";
}

/* Of a tree the version that its package manager wrote down; Debian had dovecot-common before 2.0. */
static const char *read_version(struct facts *facts, const char *name)
{
    if (strcmp(name, "postfix.version") == 0)
        return package_version(facts->root, (const char *[]){"postfix", NULL});
    if (strcmp(name, "dovecot.version") == 0)
        return package_version(facts->root,
                               (const char *[]){"dovecot-core", "dovecot-common", "dovecot", NULL});
    return NULL;
}

static const char *ask(struct facts *facts, const char *name)
{
    if (strcmp(name, "host.name") == 0)
        return ask_host_name(facts);
    if (strcmp(name, "os.id") == 0)
        return ask_os_release(facts, "ID");
    if (strcmp(name, "os.version") == 0)
        return ask_os_release(facts, "VERSION_ID");
    if (!facts->root->live)
        return read_version(facts, name);
    if (strcmp(name, "host.ipv6") == 0)
        return ask_ipv6();
    if (strcmp(name, "postfix.version") == 0)
        return ask_postconf(facts, "mail_version");
    if (strcmp(name, "postfix.config-directory") == 0)
        return ask_postconf(facts, "config_directory");
    if (strcmp(name, "postfix.table-types") == 0)
        return ask_table_types(facts);
    if (strcmp(name, "dovecot.version") == 0)
        return ask_dovecot_version();
    if (strcmp(name, "dovecot.config-file") == 0)
        return ask_dovecot_config_file();
    if (starts_with(name, "dovecot.value."))
        return ask_doveconf(name + strlen("dovecot.value."));
    if (starts_with(name, "postfix.default."))
        return ask_postconf(facts, name + strlen("postfix.default."));
    return NULL;
}

const char *facts_get(struct facts *facts, const char *name)
{
    const struct fact *fact = find(facts, name);
    if (fact == NULL) {
        put(facts, arena_string(name), ask(facts, name));
        fact = find(facts, name);
    }
    return fact->value;
}

bool facts_open(const struct root *root, const char *facts_file, struct facts **ret_facts, struct err *err)
{
    struct facts *facts = arena_alloc(sizeof(*facts));
    facts->root = root;
    if (facts_file != NULL && !read_facts_file(facts, facts_file, err))
        return false;
    *ret_facts = facts;
    return true;
}

const struct root *facts_root(const struct facts *facts)
{
    return facts->root;
}

/* ---- answers ---- */

enum verdict facts_installed(struct facts *facts, const char *program)
{
    bool postfix = strcmp(program, "postfix") == 0;
    if (facts_get(facts, arena_printf("%s.version", program)) != NULL)
        return HOLDS;
    if (facts->root->live)
        return run_have(postfix ? "postconf" : program) ? CANNOT_TELL : FAILS;
    return CANNOT_TELL;
}

bool facts_has_dovecot(struct facts *facts)
{
    const char *const traces[] = {"/etc/dovecot/dovecot.conf", "/etc/dovecot.conf", "/usr/sbin/dovecot",
                                  "/usr/local/sbin/dovecot", facts_get(facts, "dovecot.config-file")};
    if (facts_installed(facts, "dovecot") != CANNOT_TELL)
        return facts_installed(facts, "dovecot") == HOLDS;
    for (size_t i = 0; i < COUNT(traces); i++)
        if (traces[i] != NULL && file_exists(facts->root, traces[i]))
            return true;
    return false;
}

struct strings facts_table_types(struct facts *facts)
{
    const char *types = facts_get(facts, "postfix.table-types");
    return types != NULL ? strings_split(types, " \t") : (struct strings){0};
}

enum verdict facts_table_type(struct facts *facts, const char *type)
{
    if (facts_get(facts, "postfix.table-types") == NULL)
        return CANNOT_TELL;
    struct strings types = facts_table_types(facts);
    return strings_have(&types, type) ? HOLDS : FAILS;
}

enum verdict facts_parameter(struct facts *facts, const char *name)
{
    if (facts_get(facts, arena_printf("postfix.default.%s", name)) != NULL)
        return HOLDS;
    if (facts->root->live && run_have("postconf"))
        return FAILS;
    return postfix_names_have(name, facts_get(facts, "postfix.version"));
}

struct lookup {
    struct facts *facts;
    const struct doc *main_cf;
};

static const char *raw_value(void *arg, const char *name)
{
    const struct lookup *l = arg;
    const struct node *set = l->main_cf != NULL ? postfix_setting(l->main_cf, name) : NULL;
    if (set != NULL)
        return postfix_joined_value(set);
    const char *fact = facts_get(l->facts, arena_printf("postfix.value.%s", name));
    if (fact == NULL)
        fact = facts_get(l->facts, arena_printf("postfix.default.%s", name));
    if (fact != NULL)
        return fact;
    bool gone = postfix_names_have(name, facts_get(l->facts, "postfix.version")) == FAILS;
    return gone ? NULL : postfix_default(name);
}

const char *facts_expand(struct facts *facts, const struct doc *main_cf, const char *text,
                         const char **ret_missing)
{
    struct lookup l = {facts, main_cf};
    const char *unknown = NULL, *expanded = postfix_expand(text, raw_value, &l, &unknown);
    if (unknown != NULL && ret_missing != NULL)
        *ret_missing = arena_printf("postfix.value.%s", unknown);
    return expanded;
}

const char *facts_value(struct facts *facts, const struct doc *main_cf, const char *name,
                        const char **ret_missing)
{
    struct lookup l = {facts, main_cf};
    const char *raw = raw_value(&l, name);
    if (raw == NULL) {
        if (ret_missing != NULL)
            *ret_missing = arena_printf("postfix.value.%s", name);
        return NULL;
    }
    return facts_expand(facts, main_cf, raw, ret_missing);
}

enum init_kind facts_init(struct facts *facts, const char *daemon)
{
    const struct fact *told = find(facts, "init");
    if (told != NULL && told->value != NULL)
        return strcmp(told->value, "systemd") == 0  ? INIT_SYSTEMD
               : strcmp(told->value, "sysv") == 0   ? INIT_SYSV
               : strcmp(told->value, "openrc") == 0 ? INIT_OPENRC
                                                    : INIT_NONE;
    return facts->root->live ? service_init(daemon) : service_init_in(facts->root, daemon);
}

const char *facts_command(struct facts *facts, enum verb verb, const char *daemon)
{
    const enum init_kind kind = facts_init(facts, daemon);
    if (kind == INIT_UNKNOWN)
        return NULL;
    return facts->root->live ? service_command(kind, verb, daemon)
                             : service_command_in(facts->root, kind, verb, daemon);
}
