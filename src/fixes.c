/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The catalogue; see fixes.h.
 */
#include "fixes.h"

#include "file.h"
#include "nearest.h"

#include <string.h>
#include <unistd.h>

static bool add_names(const struct root *host, const char *dir, struct strings *names, struct err *err)
{
    struct strings files;
    if (dir == NULL)
        return true;
    if (!file_list(host, dir, false, &files, err))
        return false;
    for (size_t i = 0; i < files.n; i++) {
        if (!ends_with(files.item[i], ".fix"))
            continue;
        const char *name = arena_copy(files.item[i], strlen(files.item[i]) - strlen(".fix"));
        if (!strings_have(names, name))
            strings_add(names, name);
    }
    return true;
}

struct strings fixes_names(const struct fix_dirs *dirs, struct err *err)
{
    struct root host;
    struct strings names = {0};
    struct err why;
    if (!root_open("/", &host, err))
        return names;
    if (add_names(&host, dirs->installed, &names, err) && !add_names(&host, dirs->site, &names, &why))
        warn("the fixes of this site are left out: %s", why.text);
    close(host.fd);
    strings_sort(&names);
    return names;
}

static const char *path_in(const struct root *host, const char *dir, const char *name)
{
    if (dir == NULL || name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return NULL;
    const char *path = arena_printf("%s/%s.fix", dir, name);
    return file_exists(host, path) ? path : NULL;
}

static bool load(const struct root *host, const struct fix_dirs *dirs, const char *name, struct fix **ret_fix,
                 struct err *err)
{
    const char *text, *installed = path_in(host, dirs->installed, name),
                      *site = path_in(host, dirs->site, name);
    size_t len;
    if (installed == NULL && site == NULL) {
        struct strings names = fixes_names(dirs, err);
        return err_outcome(
            err, USAGE, "there is no fix '%s'%s; there are: %s", name, nearest_hint(name, &names),
            names.n > 0 ? strings_join(&names, " ") : arena_printf(_("none in %s"), dirs->installed));
    }
    if (installed != NULL && site != NULL)
        return err_set(
            err,
            "there are two fixes '%s', %s and %s, and none of them is used; give the one of this site "
            "another name",
            name, installed, site);
    const char *path = installed != NULL ? installed : site;
    if (!file_read_path(host, path, OWNED_BY_ROOT, &text, &len, err) ||
        !fix_parse(path, text, len, ret_fix, err))
        return false;
    (*ret_fix)->site = site != NULL;
    return true;
}

bool fixes_load(const struct fix_dirs *dirs, const char *name, struct fix **ret_fix, struct err *err)
{
    struct root host;
    if (!root_open("/", &host, err))
        return false;
    bool ok = load(&host, dirs, name, ret_fix, err);
    close(host.fd);
    return ok;
}

static bool is_of_site(const struct fix_dirs *dirs, const char *name)
{
    struct root host;
    struct err ignored;
    if (!root_open("/", &host, &ignored))
        return false;
    bool site = path_in(&host, dirs->site, name) != NULL;
    close(host.fd);
    return site;
}

bool fixes_load_all(const struct fix_dirs *dirs, const struct strings *names, struct fix ***ret_fix,
                    size_t *ret_n, struct err *err)
{
    struct strings all = names->n > 0 ? *names : fixes_names(dirs, err);
    struct fix **loaded = arena_alloc((all.n + 1) * sizeof(*loaded));
    *ret_fix = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < all.n; i++) {
        if (fixes_load(dirs, all.item[i], &loaded[i], err))
            continue;
        if (names->n > 0 || !is_of_site(dirs, all.item[i]))
            return false;
        warn("a fix of this site is left out: %s", err->text);
        loaded[i] = NULL;
    }
    for (int effect = STOPS_MAIL; effect <= NOISE; effect++)
        for (size_t i = 0; i < all.n; i++)
            if (loaded[i] != NULL && (int)loaded[i]->effect == effect)
                *ret_fix = arena_append(*ret_fix, ret_n, sizeof(*loaded), &loaded[i]);
    return *ret_n > 0
               ? true
               : err_set(err, "there are no fixes in %s; mailfix is not installed whole", dirs->installed);
}
