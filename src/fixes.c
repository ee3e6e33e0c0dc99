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

bool fixes_load_all(const char *dir, const struct strings *names, struct fix ***ret_fix, size_t *ret_n,
                    struct err *err)
{
    struct strings all = names->n > 0 ? *names : fixes_names(dir, err);
    struct fix **loaded = arena_alloc((all.n + 1) * sizeof(*loaded));
    *ret_fix = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < all.n; i++)
        if (!fixes_load(dir, all.item[i], &loaded[i], err))
            return false;
    for (int effect = STOPS_MAIL; effect <= NOISE; effect++)
        for (size_t i = 0; i < all.n; i++)
            if ((int)loaded[i]->effect == effect)
                *ret_fix = arena_append(*ret_fix, ret_n, sizeof(*loaded), &loaded[i]);
    return *ret_n > 0 ? true : err_set(err, "there are no fixes in %s; mailfix is not installed whole", dir);
}
