/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix lint FILE...: checks fix files, wherever they are and whoever owns them.
 */
#include "fix.h"
#include "verbs.h"

#include <unistd.h>

static bool lint_file(const struct root *host, const char *name, struct err *err)
{
    const char *text, *path = name;
    size_t len;
    char cwd[4096];
    struct fix *fix;
    if (name[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        path = arena_printf("%s/%s", cwd, name);
    if (!file_read_path(host, path, ANY_OWNER, &text, &len, err) || !fix_parse(name, text, len, &fix, err))
        return false;
    out_printf(stdout, "%s: ok\n", name);
    return true;
}

enum outcome verb_lint(struct options *o, struct err *err)
{
    struct root host;
    size_t refused = 0;
    if (o->words.n == 0)
        return err_outcome(err, USAGE, "lint takes one or more fix files"), USAGE;
    if (!root_open("/", &host, err))
        return err->outcome;
    for (size_t i = 0; i < o->words.n; i++) {
        struct err why;
        bool ok = lint_file(&host, o->words.item[i], &why);
        struct json_t *item = report_add(report_top(), "files");
        report_text(item, "file", o->words.item[i]);
        report_flag(item, "ok", ok);
        report_text(item, "error", ok ? NULL : why.text);
        if (ok)
            continue;
        refused++;
        warn("%s", why.text);
    }
    close(host.fd);
    if (refused == 0)
        return DONE;
    err_set(err, "%zu of %zu files refused", refused, o->words.n);
    return FAILED;
}
