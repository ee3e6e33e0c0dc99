/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dovecot's configuration; see dovecot.h.
 */
#include "dovecot.h"

#include "postfix.h"

#include <string.h>

bool dovecot_may_miss(const struct node *node)
{
    return strcmp(node->label, "include_try") == 0;
}

const char *dovecot_include(const char *file, const struct node *node)
{
    if ((strcmp(node->label, "include") != 0 && !dovecot_may_miss(node)) || node->value == NULL)
        return NULL;
    if (node->value[0] == '/')
        return node->value;
    const char *slash = strrchr(file, '/');
    return arena_printf("%.*s/%s", slash != NULL ? (int)(slash - file) : 0, file, node->value);
}

/* It begins and ends with the same quote. */
static bool in_quotes(const char *text)
{
    size_t len = strlen(text);
    return len > 1 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0];
}

static const char *unquoted(const char *text)
{
    struct buf out = {0};
    size_t len = strlen(text);
    if (!in_quotes(text))
        return text;
    for (size_t i = 1; i < len - 1; i++) {
        i += text[i] == '\\' && i + 1 < len - 1;
        buf_add(&out, &text[i], 1);
    }
    return buf_text(&out);
}

/* Without the quotes around it. */
static const char *bared(const char *text)
{
    return in_quotes(text) ? arena_copy(text + 1, strlen(text) - 2) : text;
}

static const char *name_of(const struct node *node, const char *(*plain)(const char *))
{
    bool section = strcmp(node->label, "section") == 0;
    if (!section && strcmp(node->label, "setting") != 0 && strcmp(node->label, "commented") != 0)
        return NULL;
    const struct node *name = section ? node_child(node, "name") : NULL;
    return name == NULL ? plain(node->value)
                        : arena_printf("%s/%s", plain(node->value), unquoted(name->value));
}

const char *dovecot_name(const struct node *node)
{
    return name_of(node, unquoted);
}

const char *dovecot_name_with_backslashes(const struct node *node)
{
    return name_of(node, bared);
}

const char *dovecot_value(const struct node *setting)
{
    const struct node *heredoc = node_child(setting, "heredoc");
    if (heredoc == NULL)
        return unquoted(postfix_joined_value(setting));
    const char *end = strrchr(heredoc->value, '\n');
    return arena_copy(heredoc->value, end != NULL ? (size_t)(end + 1 - heredoc->value) : 0);
}

bool dovecot_is_quoted(const struct node *setting)
{
    return in_quotes(postfix_joined_value(setting));
}

bool dovecot_is_literal(const struct node *setting)
{
    const char *written = postfix_joined_value(setting);
    bool variables = written[0] != '"' && written[0] != '\'' && strchr(written, '$') != NULL;
    return node_child(setting, "heredoc") != NULL || (written[0] != '<' && !variables);
}

bool dovecot_stands_alone(const struct node *node)
{
    static const char *const types[] = {"passdb", "userdb", "namespace", "listener"};
    if (strcmp(node->label, "section") != 0 || node_child(node, "name") != NULL)
        return false;
    for (size_t i = 0; i < COUNT(types); i++)
        if (strcmp(unquoted(node->value), types[i]) == 0)
            return true;
    return false;
}

bool dovecot_stays_open(const char *text, const struct node *section)
{
    if (strcmp(section->label, "section") != 0)
        return false;
    const struct node *last = section->n_child > 0 ? &section->child[section->n_child - 1] : NULL;
    size_t line = section->span.end - 1;
    while (line > 0 && text[line - 1] != '\n')
        line--;
    return line <= section->text.start ||
           (last != NULL && strcmp(last->label, "#close") != 0 && last->span.end == section->span.end);
}

bool dovecot_is_shipped(const char *path)
{
    static const char *const names[] = {"10-auth.conf",        "10-director.conf",
                                        "10-logging.conf",     "10-mail.conf",
                                        "10-master.conf",      "10-metrics.conf",
                                        "10-ssl.conf",         "10-tcpwrapper.conf",
                                        "15-lda.conf",         "15-mailboxes.conf",
                                        "20-imap.conf",        "20-lmtp.conf",
                                        "20-managesieve.conf", "20-pop3.conf",
                                        "20-submission.conf",  "30-dict-server.conf",
                                        "90-acl.conf",         "90-fts.conf",
                                        "90-plugin.conf",      "90-quota.conf",
                                        "90-sieve.conf",       "90-sieve-extprograms.conf"};
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    if (strcmp(name, "dovecot.conf") == 0 || (starts_with(name, "auth-") && ends_with(name, ".conf.ext")))
        return true;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

const char *dovecot_default_of(const char *path)
{
    return starts_with(path, "service/") && ends_with(path, "/vsz_limit") ? "default_vsz_limit" : NULL;
}

bool dovecot_is_unset(const char *value)
{
    return starts_with(value, "18446744073709551615");
}
