/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The only module that opens, writes and renames files.
 *
 * Everything happens below a root: "/" or the directory of --root. Paths are walked one component at a time,
 * each opened with O_NOFOLLOW from the directory before it, so that nothing outside the root is ever reached:
 * ".." stops at the root, absolute links start there again. A directory that somebody but root can write (a
 * sticky one of root's excepted), and a symbolic link that is not root's, are refused; root's own links are
 * followed. (This walk is used instead of openat2 with RESOLVE_IN_ROOT because each component must be looked
 * at anyway, and because servers from before Linux 5.6 are among those that need repair.) "root" means user 0
 * or the user that runs mailfix.
 *
 * Functions marked [no memory] use neither malloc nor the arena: they serve the swap, the undo and the file
 * part of recover.
 */
#pragma once

#include "base.h"

#define FILE_LIMIT ((size_t)1 << 20) /* bytes of the largest configuration file that is read */

struct root {
    int fd;
    const char *path; /* as given, without final slashes; "" for "/" */
    bool live;        /* "/": programs may be run, services touched */
};
bool root_open(const char *dir, struct root *ret_root, struct err *err) MUST_CHECK;

/* A name in a directory that is held open: what remains true while others move paths about. */
struct at {
    int dir;
    char name[256];
    const char *path; /* absolute below the root, links followed */
};
/* Follows path to the directory that really holds it. The name itself need not exist. */
bool file_resolve(const struct root *root, const char *path, struct at *ret_at, struct err *err) MUST_CHECK;
/* Whether there is something of that name; false when that cannot be told now (the disk fails). */
bool file_look_for(const struct root *root, const char *path, bool *ret_there, struct err *err) MUST_CHECK;
/* The same where what cannot be looked at counts as absent. */
bool file_exists(const struct root *root, const char *path);
/* When a regular file was last written; false when there is none. */
bool file_mtime(const struct root *root, const char *path, struct timespec *ret_time);
/* Removes a regular file, also from a directory that a daemon owns (its cache); absent: fine. */
bool file_remove_cache(const struct root *root, const char *path, struct err *err) MUST_CHECK;
bool file_open_dir(const struct root *root, const char *path, int *ret_fd, struct err *err) MUST_CHECK;
/* Names in a directory, sorted: those that begin with a dot, or the others. A directory that is not there is
 * empty. */
bool file_list(const struct root *root, const char *path, bool dot_files, struct strings *ret_names,
               struct err *err) MUST_CHECK;

enum file_trust {
    ANY_OWNER,
    OWNED_BY_ROOT /* root's, and nobody else can write it: checked on the open descriptor */
};

/* Reads a regular file of at most FILE_LIMIT bytes without NUL bytes. Names in the sentence what is there
 * instead. */
bool file_read(const struct at *at, enum file_trust trust, const char **ret_text, size_t *ret_len,
               struct identity *ret_identity, struct err *err) MUST_CHECK;
/* The same of anybody's file, NUL bytes and all: what a rollback finds in the place of a text. */
bool file_read_bytes(const struct at *at, const char **ret_bytes, size_t *ret_len,
                     struct identity *ret_identity, struct err *err) MUST_CHECK;
/* The same of what must be root's alone, of at most RECORD_LIMIT bytes: what mailfix itself wrote. */
#define RECORD_LIMIT ((size_t)16 << 20)
bool file_read_record(const struct root *root, const char *path, const char **ret_text, size_t *ret_len,
                      struct err *err) MUST_CHECK;
/* Opens a regular file of any size; which file it is, and whether it still is that one. */
bool file_open_text(const struct at *at, int *ret_fd, struct identity *ret_identity,
                    struct err *err) MUST_CHECK;
bool file_identity(int fd, struct identity *ret_identity);
/* Of one file system, with one number. */
struct stat;
bool file_same(const struct stat *a, const struct stat *b);
/* Whether the name is that file, as large and changed last as then, whatever names it had since. [no memory]
 */
bool file_is(int dir, const char *name, const struct identity *identity);
bool file_unchanged(const struct identity *a, const struct identity *b);
/* Same by path; *ret_at may be NULL. */
bool file_read_path(const struct root *root, const char *path, enum file_trust trust, const char **ret_text,
                    size_t *ret_len, struct err *err) MUST_CHECK;

/* The first bytes of root's own file, whatever they are, up to room - 1 of them and a NUL. */
bool file_read_start(const struct root *root, const char *path, char *ret_text, size_t room,
                     struct err *err) MUST_CHECK;

/* Refuses, before anything is written, what a swap cannot treat safely: immutable or append-only files, a
 * read-only mount, more than one hard link, not a regular file, a single file with a mount on it. */
bool file_check_replaceable(const struct at *at, struct err *err) MUST_CHECK;

#define FILE_TEMP_FORMAT ".%s.mailfix" /* beside the target: fixed, so that a crash leaves no litter */
#define FILE_ASIDE_FORMAT                                                                                    \
    ".%s.mailfix-old" /* only for a moment, where the kernel cannot exchange two names */
#define FILE_FRESH_FORMAT ".%s.mailfix-new" /* until the temporary is whole */
#define FILE_EDIT_FORMAT "%s.tmp"           /* Postfix's own lock for editing, edit_file(3) */

/* Writes bytes to a new file with the owner, mode and all extended attributes (so ACL and label) of like_name
 * in like_dir, and mtime, and syncs it. Fails if the name exists. */
bool file_stage(int dir, const char *name, const char *bytes, size_t len, int like_dir, const char *like_name,
                const struct timespec *mtime, struct err *err) MUST_CHECK;
/* What hunks make of a file, at most read in blocks: block by block; the digest; a new file with the owner,
 * mode, attributes as file_stage has them; a new one of mode 0600, which is not synced. They fail when the
 * file is not the one that identity tells. */
struct file_edit {
    int dir;
    const char *name;
    const struct identity *identity;
    const struct hunk *hunk;
    size_t n_hunk;
};
bool file_edit_read(const struct file_edit *edit, void (*each)(void *arg, const char *bytes, size_t len),
                    void *arg, struct err *err) MUST_CHECK;
bool file_edit_digest(const struct file_edit *edit, char ret_hex[DIGEST_HEX + 1], struct err *err) MUST_CHECK;
bool file_edit_stage(const struct file_edit *edit, int dir, const char *name, const struct timespec *mtime,
                     struct err *err) MUST_CHECK;
bool file_edit_write(const struct file_edit *edit, int dir, const char *name, struct err *err) MUST_CHECK;
/* The same without anything to copy attributes from: owner and mode of an identity. */
bool file_write_as(int dir, const char *name, const char *bytes, size_t len, const struct identity *like,
                   const struct timespec *mtime, struct err *err) MUST_CHECK;
/* A copy of the bytes alone, to work with: mode 0600, not synced. Fails when the file changes meanwhile. */
bool file_copy_bytes(const struct at *from, int to_dir, const char *to, struct identity *ret_identity,
                     struct err *err) MUST_CHECK;
/* A copy with all metadata and the time of last change, synced [no memory]. */
bool file_copy(int from_dir, const char *from, int to_dir, const char *to, struct err *err) MUST_CHECK;

/* Exchanges temp and name, both in dir; where the kernel or the file system cannot, by a link, a comparison
 * of what stands there with expected (a digest), and two renames: then EBUSY when it differs. [no memory] */
bool file_exchange(int dir, const char *temp, const char *aside, const char *name, const char *expected,
                   struct err *err) MUST_CHECK;

/* Gives temp the name, in the same directory, when nothing has it yet: else EEXIST. [no memory] */
bool file_place(int dir, const char *temp, const char *name, struct err *err) MUST_CHECK;

/* SHA-256 of a regular file of any size; ret_hex is "" when it is absent or no regular file. [no memory, but
 * for a large one a little if there is some] */
bool file_digest(int dir, const char *name, char ret_hex[DIGEST_HEX + 1], struct err *err) MUST_CHECK;
/* A name that is not there is none of the same file. [no memory] */
bool file_same_inode(int dir, const char *a, const char *b, bool *ret_same, struct err *err) MUST_CHECK;
/* What cannot be looked at counts as there, and as regular: what is done with it then says why it cannot be.
 * [no memory] */
bool file_is_there(int dir, const char *name);
bool file_is_regular(int dir, const char *name);
bool file_unlink(int dir, const char *name,
                 struct err *err) MUST_CHECK; /* absent: fine; false: errno says why [no memory] */
bool file_rename(int from_dir, const char *from, int to_dir, const char *to,
                 struct err *err) MUST_CHECK; /* [no memory] */
/* Moves a file over whatever has the other name; across file systems it is copied with all metadata, and the
 * copy is on disk before the file goes. [no memory] */
bool file_move(int from_dir, const char *from, int to_dir, const char *to, struct err *err) MUST_CHECK;
/* The same where a crash must not leave half a copy by that name: it gets its bytes as fresh. [no memory] */
bool file_move_whole(int from_dir, const char *from, int to_dir, const char *fresh, const char *to,
                     struct err *err) MUST_CHECK;
/* As far as file_move_whole goes without taking the file away from where it was copied. *ret_copied: it is
 * still there, too. [no memory] */
bool file_move_or_copy(int from_dir, const char *from, int to_dir, const char *fresh, const char *to,
                       bool *ret_copied, struct err *err) MUST_CHECK;
/* Gives a plain file an owner, and the mode without execute and set-id bits, and syncs it. */
bool file_set_owner(int dir, const char *name, const struct identity *like, struct err *err) MUST_CHECK;
bool file_sync_dir(int dir, struct err *err) MUST_CHECK; /* [no memory] */

/* Makes a directory of mode 0700 if it is not there; opens it and checks that it is root's and closed to
 * others. */
bool file_private_dir(int dir, const char *name, int *ret_fd, struct err *err) MUST_CHECK;
bool file_remove_dir(int dir, const char *name,
                     struct err *err) MUST_CHECK; /* with the plain files in it and one level below */
bool file_write_new(int dir, const char *name, const char *bytes, size_t len,
                    struct err *err) MUST_CHECK; /* 0600, synced */
/* The same, not synced: the space is taken, and after a power cut any part of the bytes may be missing. */
bool file_reserve(int dir, const char *name, const char *bytes, size_t len, struct err *err) MUST_CHECK;
/* Overwrites the first bytes of an existing file in place and syncs: needs no space on the disk. [no memory]
 */
bool file_overwrite(int dir, const char *name, const char *bytes, size_t len, struct err *err) MUST_CHECK;

/* Takes a lock without waiting; false with outcome BUSY when another holds it. The descriptor is the lock. */
bool file_lock(int dir, const char *name, int *ret_fd, struct err *err) MUST_CHECK;
/* Postfix's edit_file(3) protocol on NAME.tmp: created 0600, locked, still the same file afterwards. */
bool file_edit_lock(const struct at *at, int *ret_fd, struct err *err) MUST_CHECK;
/* Unlinks NAME.tmp under the lock; false: it is still there, which was said. [no memory] */
bool file_edit_unlock(int dir, const char *name, int *fd);
