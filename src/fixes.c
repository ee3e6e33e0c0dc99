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

/* A fix file that was read. */
struct found {
    const char *path;
    bool site;
    struct fix_text text;
};

static bool find(const struct root *host, const struct fix_dirs *dirs, const char *name,
                 struct found *ret_found, struct err *err)
{
    const char *installed = path_in(host, dirs->installed, name), *site = path_in(host, dirs->site, name);
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
    struct found found = {.path = installed != NULL ? installed : site, .site = site != NULL};
    bool ok = file_read_path(host, found.path, OWNED_BY_ROOT, &found.text.text, &found.text.len, err);
    *ret_found = found;
    return ok;
}

/* What is installed was checked when it was made (`mailfix lint`); the lenses for it would cost more than all
 * the rest. A fix of this site is read by its lens, and its literal lines by the lenses of what it edits. */
static bool load(const struct found *found, struct fix **ret_fix, struct err *err)
{
    struct fix_text text = found->text;
    bool known = !found->site && fix_nodes(&text);
    if (!(known ? fix_read(found->path, &text, ret_fix, err)
                : fix_parse(found->path, text.text, text.len, ret_fix, err)))
        return false;
    (*ret_fix)->site = found->site;
    return true;
}

bool fixes_load(const struct fix_dirs *dirs, const char *name, struct fix **ret_fix, struct err *err)
{
    struct root host;
    struct found found;
    if (!root_open("/", &host, err))
        return false;
    bool ok = find(&host, dirs, name, &found, err) && load(&found, ret_fix, err);
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

/* A fix of this site that is wrong is left out where all were asked for. */
static bool leave_out(const struct fix_dirs *dirs, const struct strings *asked, const char *name,
                      const struct err *err)
{
    if (asked->n > 0 || !is_of_site(dirs, name))
        return false;
    warn("a fix of this site is left out: %s", err->text);
    return true;
}

/* Reads them; one that is left out stays NULL. */
static bool load_each(const struct fix_dirs *dirs, const struct strings *asked, const struct strings *names,
                      struct fix **fix, struct err *err)
{
    struct root host;
    bool ok = true;
    if (!root_open("/", &host, err))
        return false;
    for (size_t i = 0; i < names->n && ok; i++) {
        struct found found;
        ok = (find(&host, dirs, names->item[i], &found, err) && load(&found, &fix[i], err)) ||
             leave_out(dirs, asked, names->item[i], err);
    }
    close(host.fd);
    return ok;
}

bool fixes_load_all(const struct fix_dirs *dirs, const struct strings *names, struct fix ***ret_fix,
                    size_t *ret_n, struct err *err)
{
    struct strings all = names->n > 0 ? *names : fixes_names(dirs, err);
    struct fix **loaded = arena_alloc((all.n + 1) * sizeof(*loaded));
    *ret_fix = NULL;
    *ret_n = 0;
    if (!load_each(dirs, names, &all, loaded, err))
        return false;
    for (int effect = STOPS_MAIL; effect <= NOISE; effect++)
        for (size_t i = 0; i < all.n; i++)
            if (loaded[i] != NULL && (int)loaded[i]->effect == effect)
                *ret_fix = arena_append(*ret_fix, ret_n, sizeof(*loaded), &loaded[i]);
    return *ret_n > 0
               ? true
               : err_set(err, "there are no fixes in %s; mailfix is not installed whole", dirs->installed);
}
