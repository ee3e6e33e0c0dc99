/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The catalogue; see fixes.h.
 */
#include "fixes.h"

#include "file.h"

#include <string.h>
#include <unistd.h>

struct strings fixes_names(const char *dir, struct err *err)
{
    struct root host;
    struct strings files, names = {0};
    if (!root_open("/", &host, err))
        return names;
    if (file_list(&host, dir, false, &files, err))
        for (size_t i = 0; i < files.n; i++)
            if (ends_with(files.item[i], ".fix"))
                strings_add(&names, arena_copy(files.item[i], strlen(files.item[i]) - strlen(".fix")));
    close(host.fd);
    return names;
}

bool fixes_load(const char *dir, const char *name, struct fix **ret_fix, struct err *err)
{
    struct root host;
    const char *text;
    size_t len;
    struct strings names = fixes_names(dir, err);
    if (!strings_have(&names, name))
        return err_outcome(err, USAGE, "there is no fix '%s'; there are: %s", name,
                           names.n > 0 ? strings_join(&names, " ") : arena_printf("none in %s", dir));
    const char *path = arena_printf("%s/%s.fix", dir, name);
    if (!root_open("/", &host, err))
        return false;
    bool ok = file_read_path(&host, path, OWNED_BY_ROOT, &text, &len, err);
    close(host.fd);
    return ok && fix_parse(path, text, len, ret_fix, err);
}
