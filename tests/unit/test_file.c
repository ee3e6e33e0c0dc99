/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The walk below a root, what is read and what is refused, staging with all metadata, exchange, and the
 * locks. Run by root it also tries what belongs to other users; run by anybody else it skips that.
 *
 * Not tried here: the way round a kernel without RENAME_EXCHANGE, because nothing lets a test refuse that
 * call.
 */
#include "file.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define OTHER 12345 /* a user that is not root */

static struct root open_root(const char *below)
{
    struct root root;
    struct err err;
    assert_ok(root_open(unit_path(below), &root, &err), err);
    return root;
}

static int top_fd(void)
{
    int fd = open(unit_top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

static void make_link(const char *target, const char *below)
{
    assert_int_equal(symlink(target, unit_path(below)), 0);
}

static struct at at_of(const struct root *root, const char *path)
{
    struct at at;
    struct err err;
    assert_ok(file_resolve(root, path, &at, &err), err);
    return at;
}

/* ---- the walk ---- */

static void test_root(void **state)
{
    (void)state;
    struct root root;
    struct err err;
    assert_ok(root_open("/", &root, &err), err);
    assert_true(root.live);
    assert_string_equal(root.path, "");
    close(root.fd);
    assert_ok(root_open(arena_printf("%s//", unit_top), &root, &err), err);
    assert_false(root.live);
    assert_string_equal(root.path, unit_top);
    close(root.fd);
    assert_false(root_open(unit_path("absent"), &root, &err));
    unit_file("plain", "");
    assert_false(root_open(unit_path("plain"), &root, &err));
}

/* Where a path ends, as a path below the root: "" where it is refused. */
static void test_resolve(void **state)
{
    (void)state;
    unit_dirs("r/etc/postfix");
    unit_dirs("r/opt/a/b");
    unit_dirs("r/etc/outside");
    unit_dirs("outside");
    unit_file("outside/secret", "secret\n");
    unit_file("r/etc/postfix/main.cf", "a = b\n");
    make_link("/etc/postfix/main.cf", "r/absolute");
    make_link("etc/postfix/main.cf", "r/relative");
    make_link("../../../../../../../etc/postfix/main.cf", "r/opt/a/b/above");
    make_link("/etc/postfix", "r/opt/directory");
    make_link("../../outside", "r/opt/escape"); /* two up from opt is the root again */
    make_link("loop-b", "r/loop-a");
    make_link("loop-a", "r/loop-b");
    make_link("self/x", "r/self");
    make_link("/no/such/place", "r/dangling");
    make_link("/etc/postfix/new.cf", "r/to-new");
    static const struct {
        const char *path, *real, *sentence;
    } cases[] = {
        {"/etc/postfix/main.cf", "/etc/postfix/main.cf", NULL},
        {"etc/postfix/main.cf", "/etc/postfix/main.cf", NULL},
        {"//etc/./postfix//main.cf", "/etc/postfix/main.cf", NULL},
        {"/etc/postfix/../postfix/main.cf", "/etc/postfix/main.cf", NULL},
        {"/../../../etc/postfix/main.cf", "/etc/postfix/main.cf", NULL},
        {"/opt/a/b/../../../etc/postfix/main.cf", "/etc/postfix/main.cf", NULL},
        {"/absolute", "/etc/postfix/main.cf", NULL},
        {"/relative", "/etc/postfix/main.cf", NULL},
        {"/opt/a/b/above", "/etc/postfix/main.cf", NULL},
        {"/opt/directory/main.cf", "/etc/postfix/main.cf", NULL},
        {"/opt/directory/../outside/x", "/etc/outside/x", NULL}, /* up from where the link led */
        {"/to-new", "/etc/postfix/new.cf", NULL},
        {"/etc/postfix/absent", "/etc/postfix/absent", NULL},
        {"/opt/escape/secret", "", "cannot open /outside"},
        {"/../outside/secret", "", "cannot open /outside"},
        {"/loop-a", "", "leads nowhere"},
        {"/self", "", "/self"},
        {"/dangling", "", "is a symbolic link to /no/such/place"},
        {"/etc/postfix/main.cf/x", "", "is not a directory"},
        {"/etc/postfix/..", "", "ends in a directory"},
        {"/", "", "ends in a directory"},
        {"/no/such/file", "", "No such file"},
    };
    struct root root = open_root("r");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct at at;
        struct err err;
        bool ok = file_resolve(&root, cases[i].path, &at, &err);
        if (ok != (cases[i].sentence == NULL))
            fail_msg("%s: %s", cases[i].path, ok ? at.path : err.text);
        if (!ok) {
            assert_says(err, cases[i].sentence);
            continue;
        }
        assert_string_equal(at.path, cases[i].real);
        close(at.dir);
    }
    const char *longer = arena_printf("/%0300d", 1);
    struct at at;
    struct err err;
    assert_false(file_resolve(&root, longer, &at, &err));
    assert_says(err, "longer than 255 bytes");
    assert_true(file_exists(&root, "/absolute"));
    assert_false(file_exists(&root, "/to-new"));
    assert_false(file_exists(&root, "/dangling"));
    close(root.fd);
}

static void test_untrusted_directories(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        bool ok;
    } cases[] = {{0755, true},  {0700, true},  {0775, false}, {0757, false},
                 {0777, false}, {01777, true}, {02755, true}, {03775, true}};
    unit_dirs("r/open/etc");
    unit_file("r/open/etc/x", "x\n");
    struct root root = open_root("r");
    struct at at;
    struct err err;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(chmod(unit_path("r/open"), cases[i].mode), 0);
        bool ok = file_resolve(&root, "/open/etc/x", &at, &err);
        if (ok != cases[i].ok)
            fail_msg("mode %o: %s", (unsigned)cases[i].mode, ok ? "taken" : err.text);
        if (ok)
            close(at.dir);
        else
            assert_says(err, arena_printf("/open (mode %03o)", (unsigned)cases[i].mode));
    }
    chmod(unit_path("r/open"), 0755);
    if (geteuid() == 0) {
        assert_int_equal(chown(unit_path("r/open"), OTHER, 0), 0);
        assert_false(file_resolve(&root, "/open/etc/x", &at, &err));
        assert_says(err, "/open belongs to user 12345");
    }
    close(root.fd);
}

static void test_links_of_others(void **state)
{
    (void)state;
    need_root();
    unit_dirs("r/etc");
    unit_file("r/etc/x", "x\n");
    make_link("/etc/x", "r/file");
    make_link("/etc", "r/dir");
    lchown(unit_path("r/file"), OTHER, OTHER);
    lchown(unit_path("r/dir"), OTHER, OTHER);
    struct root root = open_root("r");
    struct at at;
    struct err err;
    assert_false(file_resolve(&root, "/file", &at, &err));
    assert_says(err, "/file is a symbolic link that belongs to user 12345");
    assert_false(file_resolve(&root, "/dir/x", &at, &err));
    assert_says(err, "/dir is a symbolic link that belongs to user 12345");
    close(root.fd);
}

static void test_list(void **state)
{
    (void)state;
    unit_dirs("r/d");
    unit_file("r/d/b", "");
    unit_file("r/d/a", "");
    unit_file("r/d/.hidden", "");
    struct root root = open_root("r");
    struct strings names;
    struct err err;
    assert_ok(file_list(&root, "/d", false, &names, &err), err);
    assert_string_equal(strings_join(&names, " "), "a b");
    assert_ok(file_list(&root, "/d", true, &names, &err), err);
    assert_string_equal(strings_join(&names, " "), ".hidden");
    assert_ok(file_list(&root, "/absent", false, &names, &err), err);
    assert_int_equal(names.n, 0);
    assert_false(file_list(&root, "/d/a", false, &names, &err));
    /* What is refused is not "not there". */
    chmod(unit_path("r/d"), 0777);
    assert_false(file_list(&root, "/d", false, &names, &err));
    close(root.fd);
}

/* ---- reading ---- */

static void test_read(void **state)
{
    (void)state;
    struct root root = open_root("");
    const char *text;
    size_t len;
    struct err err;
    struct identity identity;
    unit_file("x", "a = b\n");
    chmod(unit_path("x"), 0640);
    struct at at = at_of(&root, "/x");
    assert_ok(file_read(&at, OWNED_BY_ROOT, &text, &len, &identity, &err), err);
    assert_string_equal(text, "a = b\n");
    assert_int_equal(len, 6);
    assert_int_equal(identity.size, 6);
    assert_int_equal(identity.mode, S_IFREG | 0640);
    assert_int_equal(identity.uid, geteuid());
    close(at.dir);

    unit_file("empty", "");
    assert_ok(file_read_path(&root, "/empty", ANY_OWNER, &text, &len, &err), err);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");

    unit_bytes("nul", "ab\ncd\0ef\n", 9);
    assert_false(file_read_path(&root, "/nul", ANY_OWNER, &text, &len, &err));
    assert_says(err, "/nul:2:3: a NUL byte");

    char *large = arena_alloc(FILE_LIMIT + 1);
    memset(large, 'x', FILE_LIMIT + 1);
    unit_bytes("limit", large, FILE_LIMIT);
    assert_ok(file_read_path(&root, "/limit", ANY_OWNER, &text, &len, &err), err);
    assert_int_equal(len, FILE_LIMIT);
    unit_bytes("large", large, FILE_LIMIT + 1);
    assert_false(file_read_path(&root, "/large", ANY_OWNER, &text, &len, &err));
    assert_says(err, "has 1048577 bytes");
    assert_false(file_read_path(&root, "/absent", ANY_OWNER, &text, &len, &err));
    assert_says(err, "cannot read /absent: No such file");
    close(root.fd);
}

/* Each thing that tells one file from another, or from itself as it was. */
static void test_which_file(void **state)
{
    (void)state;
    struct root root = open_root("");
    struct err err;
    struct identity is;
    struct stat a, b;
    int fd;
    unit_file("x", "a = b\n");
    struct at at = at_of(&root, "/x");
    assert_ok(file_open_text(&at, &fd, &is, &err), err);
    assert_int_equal(fstat(fd, &a), 0);
    close(fd);
    b = a;
    assert_true(file_same(&a, &b));
    b.st_ino++;
    assert_false(file_same(&a, &b));
    b = a;
    b.st_dev++; /* the same number on another file system */
    assert_false(file_same(&a, &b));

    const struct identity same = is;
    struct identity others[7];
    for (size_t i = 0; i < COUNT(others); i++)
        others[i] = is;
    others[0].dev++;
    others[1].ino++;
    others[2].size++;
    others[3].mtime.tv_sec++;
    others[4].mtime.tv_nsec++;
    others[5].ctime.tv_sec++;
    others[6].ctime.tv_nsec++;
    assert_true(file_unchanged(&is, &same));
    assert_true(file_is(at.dir, "x", &same));
    for (size_t i = 0; i < COUNT(others); i++) {
        if (file_unchanged(&is, &others[i]))
            fail_msg("thing %zu is not looked at", i);
        /* A name that it had since, or has no more, changed its ctime and nothing else. */
        if (file_is(at.dir, "x", &others[i]) != (i >= 5))
            fail_msg("thing %zu of the file of a name", i);
    }
    assert_int_equal(rename(unit_path("x"), unit_path("y")), 0);
    assert_false(file_is(at.dir, "x", &is));
    assert_true(file_is(at.dir, "y", &is));
    close(at.dir);
    close(root.fd);
}

/* Nothing but a regular file is opened: a FIFO would hold the run up for ever. */
static void test_read_other_kinds(void **state)
{
    (void)state;
    struct root root = open_root("");
    const char *text;
    size_t len;
    struct err err;
    unit_dirs("dir");
    assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
    alarm(20);
    assert_false(file_read_path(&root, "/fifo", ANY_OWNER, &text, &len, &err));
    assert_says(err, "/fifo is a named pipe, not a regular file");
    struct at at = at_of(&root, "/fifo");
    assert_false(file_check_replaceable(&at, &err));
    assert_says(err, "/fifo is a named pipe");
    close(at.dir);
    alarm(0);
    assert_false(file_read_path(&root, "/dir", ANY_OWNER, &text, &len, &err));
    assert_says(err, "/dir is a directory");
    struct root host;
    assert_ok(root_open("/", &host, &err), err);
    assert_false(file_read_path(&host, "/dev/null", ANY_OWNER, &text, &len, &err));
    assert_says(err, "is a device");
    close(host.fd);
    if (geteuid() == 0 && mknod(unit_path("disk"), S_IFBLK | 0600, makedev(7, 250)) == 0) {
        assert_false(file_read_path(&root, "/disk", ANY_OWNER, &text, &len, &err));
        assert_says(err, "/disk is a device");
    }
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", unit_top);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_false(file_read_path(&root, "/socket", ANY_OWNER, &text, &len, &err));
    assert_says(err, "/socket is a socket");
    close(listener);
    /* A link that came after the way to it was followed. */
    at = at_of(&root, "/late");
    make_link("dir", "late");
    assert_false(file_read(&at, ANY_OWNER, &text, &len, NULL, &err));
    assert_says(err, "/late is a symbolic link");
    close(at.dir);
    close(root.fd);
}

static void test_trust(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        bool ok;
    } cases[] = {{0644, true}, {0600, true}, {0664, false}, {0646, false}};
    struct root root = open_root("");
    const char *text;
    size_t len;
    struct err err;
    unit_file("x", "x\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        chmod(unit_path("x"), cases[i].mode);
        assert_int_equal(file_read_path(&root, "/x", OWNED_BY_ROOT, &text, &len, &err), cases[i].ok);
        assert_ok(file_read_path(&root, "/x", ANY_OWNER, &text, &len, &err), err);
    }
    chmod(unit_path("x"), 0644);
    if (geteuid() == 0 && chown(unit_path("x"), OTHER, OTHER) == 0) {
        assert_false(file_read_path(&root, "/x", OWNED_BY_ROOT, &text, &len, &err));
        assert_says(err, "/x belongs to user 12345");
        assert_ok(file_read_path(&root, "/x", ANY_OWNER, &text, &len, &err), err);
    }
    close(root.fd);
}

/* ---- what a swap cannot treat safely ---- */

static void test_replaceable(void **state)
{
    (void)state;
    struct root root = open_root("");
    struct err err;
    unit_file("x", "x\n");
    struct at at = at_of(&root, "/x");
    assert_ok(file_check_replaceable(&at, &err), err);
    assert_int_equal(link(unit_path("x"), unit_path("y")), 0);
    assert_false(file_check_replaceable(&at, &err));
    assert_says(err, "/x has 2 names (hard links)");
    unlink(unit_path("y"));
    static const struct {
        int flag;
        const char *sentence;
    } flags[] = {{FS_IMMUTABLE_FL, "is immutable"}, {FS_APPEND_FL, "is append-only"}};
    for (size_t i = 0; i < COUNT(flags); i++) {
        int fd = open(unit_path("x"), O_RDONLY), none = 0, set = flags[i].flag;
        if (ioctl(fd, FS_IOC_SETFLAGS, &set) == 0) { /* not every file system has them */
            assert_false(file_check_replaceable(&at, &err));
            assert_says(err, flags[i].sentence);
            assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &none), 0);
        }
        close(fd);
    }
    close(at.dir);
    close(root.fd);
}

/* In a mount namespace of its own: 0 when both are refused, 1 when not, 2 where no mount can be made. */
static int try_mounts(void)
{
    struct err err = {.text = "taken"};
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(unit_path("other"), unit_path("d/x"), "none", MS_BIND, NULL) < 0)
        return 2;
    struct root root = open_root(""); /* one that was open before is of the old name space */
    struct at at = at_of(&root, "/d/x");
    if (file_check_replaceable(&at, &err) || strstr(err.text, "is a mount of its own") == NULL)
        return fprintf(stderr, "bind mount: %s\n", err.text) > 0;
    close(at.dir);
    close(root.fd);
    umount(unit_path("d/x"));
    const char *d = unit_path("d");
    if (mount(d, d, "none", MS_BIND, NULL) < 0 ||
        mount("none", d, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
        return 2;
    root = open_root("");
    at = at_of(&root, "/d/x");
    if (file_check_replaceable(&at, &err) || strstr(err.text, "mounted read-only") == NULL)
        return fprintf(stderr, "read-only: %s\n", err.text) > 0;
    return 0;
}

static void test_mounts(void **state)
{
    (void)state;
    unit_dirs("d");
    unit_file("d/x", "x\n");
    unit_file("other", "y\n");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(try_mounts());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- staging ---- */

static const char *attribute; /* of a name space that this file system has, NULL: none */

static void give_metadata(const char *below)
{
    const char *path = unit_path(below);
    struct timespec times[2] = {{1000000000, 5}, {1100000000, 123456789}};
    attribute = setxattr(path, "user.mailfix", "va\0lue", 6, 0) == 0      ? "user.mailfix"
                : setxattr(path, "trusted.mailfix", "va\0lue", 6, 0) == 0 ? "trusted.mailfix"
                                                                          : NULL;
    if (geteuid() == 0)
        assert_int_equal(chown(path, OTHER, OTHER + 1), 0);
    assert_int_equal(chmod(path, 04750), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void assert_metadata(const char *below, time_t seconds, long nanoseconds)
{
    const char *path = unit_path(below);
    struct stat st;
    char value[10];
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 04750);
    if (geteuid() == 0) {
        assert_int_equal(st.st_uid, OTHER);
        assert_int_equal(st.st_gid, OTHER + 1);
    }
    assert_int_equal(st.st_mtim.tv_sec, seconds);
    assert_int_equal(st.st_mtim.tv_nsec, nanoseconds);
    if (attribute != NULL) {
        assert_int_equal(getxattr(path, attribute, value, sizeof(value)), 6);
        assert_memory_equal(value, "va\0lue", 6);
    }
}

static const char *content(const char *below)
{
    static char text[100];
    int fd = open(unit_path(below), O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return n < 0 ? NULL : text;
}

static void test_stage(void **state)
{
    (void)state;
    struct err err;
    struct timespec time = {1200000000, 42};
    int dir = top_fd();
    unit_file("like", "old\n");
    give_metadata("like");
    assert_ok(file_stage(dir, "new", "new text\n", 9, dir, "like", &time, &err), err);
    assert_string_equal(content("new"), "new text\n");
    assert_metadata("new", 1200000000, 42);
    assert_ok(file_stage(dir, "same-time", "", 0, dir, "like", NULL, &err), err);
    assert_metadata("same-time", 1100000000, 123456789);
    assert_false(file_stage(dir, "new", "x", 1, dir, "like", NULL, &err));
    assert_says(err, "cannot create new: File exists");
    assert_string_equal(content("new"), "new text\n");
    assert_false(file_stage(dir, "newer", "x", 1, dir, "absent", NULL, &err));
    assert_null(content("newer"));
    make_link("target", "dangling");
    assert_false(file_stage(dir, "dangling", "x", 1, dir, "like", NULL, &err)); /* links are not followed */
    assert_null(content("target"));

    assert_ok(file_copy(dir, "like", dir, "copy", &err), err);
    assert_string_equal(content("copy"), "old\n");
    assert_metadata("copy", 1100000000, 123456789);
    assert_false(file_copy(dir, "like", dir, "copy", &err));

    struct identity like = {.mode = S_IFREG | 0640, .uid = geteuid(), .gid = getegid()};
    assert_ok(file_write_as(dir, "as", "text", 4, &like, &time, &err), err);
    struct stat st;
    assert_int_equal(stat(unit_path("as"), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0640);
    assert_int_equal(st.st_mtim.tv_sec, 1200000000);
    close(dir);
}

/* A device that is full takes nothing; then nothing is left behind. */
static void test_stage_fails(void **state)
{
    (void)state;
    struct err err;
    int dir = top_fd();
    struct stat st;
    unit_file("like", "old\n");
    char *large = arena_alloc(2 << 20);
    need_root();
    unit_dirs("small");
    if (mount("none", unit_path("small"), "tmpfs", 0, "size=64k") < 0)
        skip();
    int small = open(unit_path("small"), O_RDONLY | O_DIRECTORY);
    bool staged = file_stage(small, "new", large, 2 << 20, dir, "like", NULL, &err);
    bool left = fstatat(small, "new", &st, 0) == 0;
    unit_bytes("large", large, 2 << 20);
    struct err copy_err;
    bool copied = file_copy(dir, "large", small, "copy", &copy_err);
    left |= fstatat(small, "copy", &st, 0) == 0;
    bool written = file_write_new(small, "w", large, 2 << 20, &copy_err);
    left |= fstatat(small, "w", &st, 0) == 0;
    close(small);
    umount(unit_path("small"));
    assert_false(staged || copied || written || left);
    assert_says(err, "cannot write new: No space left");
    close(dir);
}

static void test_exchange(void **state)
{
    (void)state;
    struct err err;
    int dir = top_fd();
    char digest[DIGEST_HEX + 1], want[DIGEST_HEX + 1];
    struct stat before, after;
    unit_file("x", "old\n");
    unit_file(".x.mailfix", "new\n");
    digest_hex("old\n", 4, want);
    assert_ok(file_digest(dir, "x", digest, &err), err);
    assert_string_equal(digest, want);
    stat(unit_path("x"), &before);
    assert_ok(file_exchange(dir, ".x.mailfix", ".x.mailfix-old", "x", want, &err), err);
    assert_string_equal(content("x"), "new\n");
    assert_string_equal(content(".x.mailfix"), "old\n");
    assert_null(content(".x.mailfix-old"));
    stat(unit_path(".x.mailfix"), &after);
    assert_int_equal(before.st_ino, after.st_ino); /* the displaced inode is the before-text */
    assert_false(file_exchange(dir, "absent", "aside", "x", want, &err));
    assert_string_equal(content("x"), "new\n");

    assert_ok(file_digest(dir, "absent", digest, &err), err);
    assert_string_equal(digest, "");
    unit_dirs("d");
    assert_ok(file_digest(dir, "d", digest, &err), err);
    assert_string_equal(digest, "");
    assert_true(file_is_there(dir, "d") && !file_is_regular(dir, "d") && file_is_regular(dir, "x"));
    link(unit_path("x"), unit_path("y"));
    static const struct {
        const char *name;
        bool same;
    } others[] = {{"y", true}, {".x.mailfix", false}, {"absent", false}};
    for (size_t i = 0; i < COUNT(others); i++) {
        bool same = !others[i].same;
        assert_ok(file_same_inode(dir, "x", others[i].name, &same, &err), err);
        assert_int_equal(same, others[i].same);
    }
    assert_ok(file_unlink(dir, "y", &err), err);
    assert_ok(file_unlink(dir, "y", &err), err);
    assert_false(file_unlink(dir, "d", &err));
    assert_ok(file_rename(dir, "x", dir, "z", &err), err);
    assert_false(file_rename(dir, "x", dir, "z", &err));
    assert_ok(file_sync_dir(dir, &err), err);
    close(dir);
}

/* What is looked for, and what is not there or is no file. */
static void test_look_for(void **state)
{
    (void)state;
    struct root root = open_root("");
    struct err err;
    struct timespec time;
    bool there = true;
    unit_dirs("d");
    unit_file("d/cache.db", "");
    make_link("loop-b", "loop-a");
    make_link("loop-a", "loop-b");
    assert_ok(file_look_for(&root, "/d/cache.db", &there, &err), err);
    assert_true(there);
    static const char *const absent[] = {"/d/nosuch", "/nosuch/x", "/loop-a"};
    for (size_t i = 0; i < COUNT(absent); i++) {
        assert_ok(file_look_for(&root, absent[i], &there, &err), err);
        assert_false(there);
        assert_false(file_exists(&root, absent[i]));
        assert_false(file_mtime(&root, absent[i], &time));
    }
    assert_true(file_mtime(&root, "/d/cache.db", &time));
    assert_false(file_mtime(&root, "/d", &time));
    assert_ok(file_remove_cache(&root, "/d/cache.db", &err), err);
    assert_ok(file_remove_cache(&root, "/d/cache.db", &err), err);
    assert_false(file_remove_cache(&root, "/d", &err));
    assert_says(err, "is no regular file");
    close(root.fd);
}

/* ---- the record's own files ---- */

static void test_private_dir(void **state)
{
    (void)state;
    struct err err;
    struct stat st;
    int dir = top_fd(), fd;
    assert_ok(file_private_dir(dir, "p", &fd, &err), err);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0700);
    unit_file("p/a", "a");
    unit_dirs("p/below");
    unit_file("p/below/b", "b");
    close(fd);
    assert_ok(file_private_dir(dir, "p", &fd, &err), err);
    close(fd);
    chmod(unit_path("p"), 0750);
    assert_false(file_private_dir(dir, "p", &fd, &err));
    assert_says(err, "must belong to root and be closed");
    chmod(unit_path("p"), 0700);
    if (geteuid() == 0) {
        assert_int_equal(chown(unit_path("p"), OTHER, 0), 0);
        assert_false(file_private_dir(dir, "p", &fd, &err));
        assert_says(err, "must belong to root and be closed");
        assert_int_equal(chown(unit_path("p"), 0, 0), 0);
    }
    make_link("p", "link");
    assert_false(file_private_dir(dir, "link", &fd, &err));
    assert_ok(file_remove_dir(dir, "p", &err), err);
    assert_int_equal(access(unit_path("p"), F_OK), -1);
    assert_ok(file_remove_dir(dir, "p", &err), err);
    unit_dirs("deep/a/b");
    unit_file("deep/a/b/c", "");
    assert_false(file_remove_dir(dir, "deep", &err)); /* two levels below is nothing that mailfix made */
    close(dir);
}

static void test_overwrite(void **state)
{
    (void)state;
    struct err err;
    struct stat st;
    int dir = top_fd();
    assert_ok(file_write_new(dir, "state", "applying \n", 10, &err), err);
    assert_int_equal(stat(unit_path("state"), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_false(file_write_new(dir, "state", "x", 1, &err));
    assert_ok(file_overwrite(dir, "state", "kept     \n", 10, &err), err);
    assert_string_equal(content("state"), "kept     \n");
    assert_ok(file_overwrite(dir, "state", "xx", 2, &err), err);
    assert_string_equal(content("state"), "xxpt     \n");
    assert_false(file_overwrite(dir, "absent", "x", 1, &err));
    assert_null(content("absent"));
    make_link("state", "link");
    assert_false(file_overwrite(dir, "link", "x", 1, &err));
    close(dir);
}

/* ---- locks ---- */

static void test_lock(void **state)
{
    (void)state;
    struct err err;
    int dir = top_fd(), first, second;
    assert_ok(file_lock(dir, "lock", &first, &err), err);
    assert_false(file_lock(dir, "lock", &second, &err));
    assert_int_equal(err.outcome, BUSY);
    assert_says(err, "another mailfix is at work");
    close(first);
    assert_ok(file_lock(dir, "lock", &second, &err), err);
    close(second);
    make_link("elsewhere", "link");
    assert_false(file_lock(dir, "link", &second, &err));
    assert_int_equal(err.outcome, FAILED);
    assert_null(content("elsewhere"));
    close(dir);
}

static void test_edit_lock(void **state)
{
    (void)state;
    struct root root = open_root("");
    struct err err;
    struct stat st;
    int first, second;
    unit_file("main.cf", "x\n");
    struct at at = at_of(&root, "/main.cf");
    assert_ok(file_edit_lock(&at, &first, &err), err);
    assert_int_equal(stat(unit_path("main.cf.tmp"), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_false(file_edit_lock(&at, &second, &err));
    assert_int_equal(err.outcome, BUSY);
    assert_says(err, "holds /main.cf.tmp");
    file_edit_unlock(at.dir, at.name, &first);
    assert_int_equal(first, -1);
    assert_null(content("main.cf.tmp"));
    file_edit_unlock(at.dir, at.name, &first); /* once more does nothing */

    /* A directory that has taken the name meanwhile is somebody else's, and nothing is left over. */
    assert_ok(file_edit_lock(&at, &first, &err), err);
    assert_int_equal(unlink(unit_path("main.cf.tmp")), 0);
    unit_dirs("main.cf.tmp");
    assert_true(file_edit_unlock(at.dir, at.name, &first));
    assert_int_equal(rmdir(unit_path("main.cf.tmp")), 0);

    /* Leftovers: with another mode, with a second name, a FIFO; each is removed, what it named stays. */
    unit_file("main.cf.tmp", "left over\n");
    chmod(unit_path("main.cf.tmp"), 0644);
    assert_ok(file_edit_lock(&at, &first, &err), err);
    assert_int_equal(stat(unit_path("main.cf.tmp"), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_int_equal(st.st_size, 0);
    file_edit_unlock(at.dir, at.name, &first);
    unit_file("precious", "precious\n");
    chmod(unit_path("precious"), 0600);
    assert_int_equal(link(unit_path("precious"), unit_path("main.cf.tmp")), 0);
    assert_ok(file_edit_lock(&at, &first, &err), err);
    file_edit_unlock(at.dir, at.name, &first);
    assert_string_equal(content("precious"), "precious\n");
    assert_int_equal(mkfifo(unit_path("main.cf.tmp"), 0600), 0);
    alarm(20);
    assert_ok(file_edit_lock(&at, &first, &err), err);
    alarm(0);
    file_edit_unlock(at.dir, at.name, &first);
    /* A leftover of the right form is taken as it is. */
    unit_file("main.cf.tmp", "");
    chmod(unit_path("main.cf.tmp"), 0600);
    assert_ok(file_edit_lock(&at, &first, &err), err);
    file_edit_unlock(at.dir, at.name, &first);
    make_link("precious", "main.cf.tmp");
    assert_false(file_edit_lock(&at, &first, &err));
    close(at.dir);
    close(root.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dir_test(test_root),
        dir_test(test_resolve),
        dir_test(test_untrusted_directories),
        dir_test(test_links_of_others),
        dir_test(test_list),
        dir_test(test_read),
        dir_test(test_which_file),
        dir_test(test_read_other_kinds),
        dir_test(test_trust),
        dir_test(test_replaceable),
        dir_test(test_mounts),
        dir_test(test_stage),
        dir_test(test_stage_fails),
        dir_test(test_exchange),
        dir_test(test_look_for),
        dir_test(test_private_dir),
        dir_test(test_overwrite),
        dir_test(test_lock),
        dir_test(test_edit_lock),
    };
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
