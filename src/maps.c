/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Indexes; see maps.h. postmap and postalias name the index after the text, so the text of the plan is put
 * under its own name into a directory of its own, and the index comes out beside it. Nothing there needs to
 * be on disk before the index is whole.
 *
 * Both programs would give up root for the owner of the text, who cannot enter the record; with -o they do
 * not, and the index gets the text's owner and mode from here.
 *
 * Limits: the text is copied, so a table needs that space for a moment. A program that builds for an hour is
 * taken to hang. Where a text has read or write
 * permission for others, so has the index.
 */
#include "maps_private.h"

#include "postfix_table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILD_MS 3600000

const char *maps_tool(const struct index *index)
{
    return index->alias ? "postalias" : "postmap";
}

const char *maps_command(const struct index *index)
{
    return arena_printf("%s %s:%s", maps_tool(index), index->type, index->name);
}

const struct change *maps_change_of(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->n_change; i++)
        if (strcmp(plan->change[i].doc->path, path) == 0 || strcmp(plan->change[i].doc->real, path) == 0)
            return &plan->change[i];
    return NULL;
}

/* ---- what is needed ---- */

bool maps_is_fresh(const struct root *root, const struct index *index)
{
    const char *suffix[2];
    struct timespec text, made;
    size_t n = postfix_index_suffixes(index->type, suffix);
    if (!file_mtime(root, index->name, &text))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!file_mtime(root, arena_printf("%s%s", index->name, suffix[i]), &made) ||
            made.tv_sec < text.tv_sec)
            return false;
    return true;
}

void maps_drop_fresh(const struct root *root, struct plan *plan)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->n_index; i++)
        if (plan->index[i].changed || !maps_is_fresh(root, &plan->index[i]))
            plan->index[kept++] = plan->index[i];
    plan->n_index = kept;
}

/* ---- building ---- */

/* The text as it will stand, under its own name in the directory. */
static bool stage_text(struct job *j)
{
    const struct change *change = maps_change_of(j->plan, j->index->name);
    struct identity text;
    if (change != NULL && change->doc->n_piece > 0) {
        struct file_edit edit = {j->text.dir, j->text.name, &change->doc->identity, change->in_file,
                                 change->n_hunk};
        return file_edit_write(&edit, j->dir, j->text.name, j->err);
    }
    if (change != NULL)
        return file_reserve(j->dir, j->text.name, change->after, change->after_len, j->err);
    return file_copy_bytes(&j->text, j->dir, j->text.name, &text, j->err);
}

/* Whose the index is: as the text. */
static bool find_owner(struct job *j)
{
    const struct change *change = maps_change_of(j->plan, j->index->name);
    struct stat st;
    if (change != NULL) {
        j->like = change->doc->absent
                      ? (struct identity){.uid = geteuid(), .gid = getegid(), .mode = change->mode}
                      : change->doc->identity;
        return true;
    }
    if (fstatat(j->text.dir, j->text.name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return err_set(j->err, "there is no text file %s to build it from", j->index->name);
    j->like = (struct identity){.uid = st.st_uid, .gid = st.st_gid, .mode = st.st_mode};
    return true;
}

const char *maps_staged(const struct job *j)
{
    return arena_printf("%s:%s/%s", j->index->type, j->where, j->text.name);
}

enum verdict maps_run(struct job *j, const char *const argv[], int input, struct run_result *ret_result)
{
    if (!run_work(argv, input, BUILD_MS, ret_result, j->err))
        return FAILS;
    if (ret_result->stopped) {
        err_set(j->err, "interrupted");
        return CANNOT_TELL;
    }
    if (ret_result->timed_out)
        err_set(j->err, "%s did not end within %d s", argv[0], BUILD_MS / 1000);
    else if (ret_result->status != 0)
        err_set(j->err, "%s refuses:\n    %s", argv[0], ret_result->output);
    else
        return HOLDS;
    return FAILS;
}

static bool run_tool(struct job *j)
{
    const char *const argv[] = {maps_tool(j->index), "-o", maps_staged(j), NULL};
    struct run_result result;
    return maps_run(j, argv, -1, &result) == HOLDS && maps_check(j, result.lines);
}

/* One file of the index: its owner, and what it takes the place of. */
static bool take_built(struct job *j, const char *suffix, const struct identity *copied, struct built *built)
{
    struct at at;
    struct identity now;
    int fd;
    *built = (struct built){.dir = j->dir,
                            .name = arena_printf("%s%s", j->text.name, suffix),
                            .target = {.document = RECORD_INDEX}};
    if (!file_set_owner(j->dir, built->name, &j->like, j->err) ||
        !file_digest(j->dir, built->name, built->target.after, j->err) ||
        !file_resolve(j->root, arena_printf("%s%s", j->index->name, suffix), &at, j->err))
        return false;
    built->target.path = at.path;
    bool ok = file_digest(at.dir, at.name, built->target.before, j->err);
    if (ok && copied->size > 0) {
        ok = file_open_text(&at, &fd, &now, j->err);
        if (ok)
            close(fd);
        ok = ok && (file_unchanged(&now, copied) ||
                    err_set(j->err, "%s was changed by somebody else while mailfix worked", at.path));
    }
    close(at.dir);
    return ok;
}

static bool make(struct job *j)
{
    enum verdict updated = maps_update(j);
    if (updated == FAILS)
        return stage_text(j) && run_tool(j);
    return updated == HOLDS;
}

static bool build_one(struct job *j, struct built **built, size_t *n)
{
    const char *suffix[2];
    size_t files = postfix_index_suffixes(j->index->type, suffix);
    if (!file_resolve(j->root, j->index->name, &j->text, j->err))
        return false;
    bool ok = find_owner(j) && make(j);
    for (size_t i = 0; ok && i < files; i++) {
        struct built one;
        ok = take_built(j, suffix[i], &j->copied[i], &one);
        if (ok)
            *built = arena_append(*built, n, sizeof(one), &one);
    }
    close(j->text.dir);
    return ok;
}

static const char *dir_name(size_t i)
{
    return arena_printf("index-%zu", i);
}

bool maps_build(const struct root *root, int dir, const char *path, const struct plan *plan,
                struct built **ret_built, size_t *ret_n, struct err *err)
{
    *ret_built = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < plan->n_index; i++) {
        struct job j = {.root = root, .plan = plan, .index = &plan->index[i], .err = err};
        j.where = arena_printf("%s/%s", path, dir_name(i));
        say("building the index of %s:%s with %s", j.index->type, j.index->name, maps_tool(j.index));
        if (!file_private_dir(dir, dir_name(i), &j.dir, err))
            return false;
        progress_begin(arena_printf(_("building the index of %s:%s"), j.index->type, j.index->name));
        bool ok = build_one(&j, ret_built, ret_n);
        progress_end();
        if (!ok)
            return err_prefix(err, "the index of %s:%s cannot be built", j.index->type, j.index->name);
    }
    return true;
}

bool maps_discard(int dir, struct built *built, size_t n, size_t n_index, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (i == 0 || built[i].dir != built[i - 1].dir)
            close(built[i].dir);
    for (size_t i = 0; i < n_index; i++)
        if (!file_remove_dir(dir, dir_name(i), err))
            return false;
    return true;
}
