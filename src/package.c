/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The texts in which dpkg and apk keep what is installed; see package.h. Both are stanzas, one a package,
 * with a blank line between them. Sources: deb822(5), dpkg-query(1); apk-tools, "installed" of apk(5).
 *
 * Limits: rpm keeps a database that only rpm reads.
 */
#include "package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct form {
    const char *path, *name, *version;
    const char *state, *installed; /* what is removed, but for its files in /etc, stays listed; or NULL */
} forms[] = {
    {"/var/lib/dpkg/status", "Package: ", "Version: ", "Status: ", "install ok installed"},
    {"/lib/apk/db/installed", "P:", "V:", NULL, NULL},
};

/* Of a distribution's version what its authors gave it. */
static const char *upstream(const char *version)
{
    size_t epoch = strspn(version, "0123456789");
    if (version[epoch] == ':')
        version += epoch + 1;
    size_t len = strspn(version, "0123456789.");
    while (len > 0 && version[len - 1] == '.')
        len--;
    return len > 0 ? arena_copy(version, len) : NULL;
}

struct stanza {
    char name[128], version[128];
    bool gone;
};

static void take_line(const struct form *form, const char *line, struct stanza *stanza)
{
    if (starts_with(line, form->name))
        snprintf(stanza->name, sizeof(stanza->name), "%s", line + strlen(form->name));
    else if (starts_with(line, form->version))
        snprintf(stanza->version, sizeof(stanza->version), "%s", line + strlen(form->version));
    else if (form->state != NULL && starts_with(line, form->state))
        stanza->gone = strcmp(line + strlen(form->state), form->installed) != 0;
}

static const char *version_in(FILE *file, const struct form *form, const char *name)
{
    struct stanza stanza = {0};
    const char *version = NULL;
    char *line = NULL;
    size_t size = 0;
    for (bool more = true; more && version == NULL;) {
        ssize_t len = getline(&line, &size, file);
        more = len >= 0;
        if (more && len > 0 && line[len - 1] == '\n')
            line[len - 1] = '\0';
        if (more && line[0] != '\0') {
            take_line(form, line, &stanza);
            continue;
        }
        if (strcmp(stanza.name, name) == 0 && !stanza.gone)
            version = upstream(stanza.version);
        stanza = (struct stanza){0};
    }
    free(line);
    return version;
}

static FILE *open_list(const struct root *root, const char *path)
{
    struct at at;
    struct identity ignored;
    struct err err;
    int fd;
    if (!file_exists(root, path) || !file_resolve(root, path, &at, &err))
        return NULL;
    bool opened = file_open_text(&at, &fd, &ignored, &err);
    close(at.dir);
    if (!opened)
        return NULL;
    FILE *file = fdopen(fd, "r");
    if (file == NULL)
        close(fd);
    return file;
}

const char *package_version(const struct root *root, const char *const names[])
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        FILE *file = open_list(root, forms[i].path);
        const char *version = NULL;
        for (size_t k = 0; file != NULL && names[k] != NULL && version == NULL; k++) {
            rewind(file);
            version = version_in(file, &forms[i], names[k]);
        }
        if (file != NULL)
            fclose(file);
        if (version != NULL)
            return version;
    }
    return NULL;
}
