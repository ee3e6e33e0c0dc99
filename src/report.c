/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The report of a run as one JSON object; see report.h.
 *
 * Standard output is moved to a descriptor of our own and replaced by /dev/null, so a stray line can never
 * break the object. It is written once, at the end: a run that is killed writes nothing.
 *
 * What is no ASCII is escaped, so that the object can be shown on a terminal whatever stands in the
 * configuration.
 *
 * Limits: the memory is jansson's. An object that it cannot get is left out; the change itself does not need
 * it.
 */
#include "report.h"

#include "base.h"
#include "params.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

static struct {
    json_t *top;
    int out;
} report;

/* The length of the UTF-8 character at text, 0 when there is none. U+EF80 to U+EFFF count as none: they stand
 * for bytes. */
static size_t character(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t len = c[0] < 0x80                    ? 1
                 : c[0] >= 0xc2 && c[0] <= 0xdf ? 2
                 : (c[0] & 0xf0) == 0xe0        ? 3
                 : c[0] >= 0xf0 && c[0] <= 0xf4 ? 4
                                                : 0;
    for (size_t i = 1; i < len; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool no_scalar = (c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90);
    bool ours = c[0] == 0xee && c[1] >= 0xbe;
    return overlong || no_scalar || (ours && len == 3) ? 0 : len;
}

static json_t *string(const char *text)
{
    struct buf utf8 = {0};
    while (*text != '\0') {
        size_t len = character(text);
        unsigned char c = (unsigned char)*text;
        char escaped[3] = {(char)0xee, (char)(0xbc | c >> 6), (char)(0x80 | (c & 0x3f))};
        buf_add(&utf8, len > 0 ? text : escaped, len > 0 ? len : sizeof(escaped));
        text += len > 0 ? len : 1;
    }
    return json_stringn(buf_text(&utf8), utf8.len);
}

static json_t *array_of(json_t *item, const char *name)
{
    json_t *array = json_object_get(item, name);
    if (array != NULL)
        return array;
    json_object_set_new(item, name, json_array());
    return json_object_get(item, name);
}

bool report_open(const char *verb, const char *list)
{
    fflush(stdout);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    report.out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (nowhere < 0 || report.out < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        return false;
    close(nowhere);
    report.top = json_object();
    json_object_set_new(report.top, "schema", json_integer(1));
    json_object_set_new(report.top, "verb", verb != NULL ? json_string(verb) : json_null());
    array_of(report.top, "findings");
    array_of(report.top, "changes");
    array_of(report.top, "left_to_do");
    if (list != NULL)
        array_of(report.top, list);
    return report.top != NULL;
}

bool report_wanted(void)
{
    return report.top != NULL;
}

struct json_t *report_top(void)
{
    return report.top;
}

struct json_t *report_add(struct json_t *item, const char *array)
{
    if (item == NULL)
        return NULL;
    json_t *object = json_object();
    json_array_append_new(array_of(item, array), object);
    return object;
}

struct json_t *report_object(struct json_t *item, const char *name)
{
    if (item == NULL)
        return NULL;
    json_object_set_new(item, name, json_object());
    return json_object_get(item, name);
}

void report_text(struct json_t *item, const char *name, const char *text)
{
    if (item != NULL && text != NULL)
        json_object_set_new(item, name, string(text));
}

void report_number(struct json_t *item, const char *name, long long number)
{
    if (item != NULL)
        json_object_set_new(item, name, json_integer(number));
}

void report_flag(struct json_t *item, const char *name, bool flag)
{
    if (item != NULL)
        json_object_set_new(item, name, json_boolean(flag));
}

void report_strings(struct json_t *item, const char *name, const struct strings *list)
{
    if (item == NULL)
        return;
    json_t *array = array_of(item, name);
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(array, string(list->item[i]));
}

void report_line(const char *array, const char *text)
{
    if (report.top != NULL)
        json_array_append_new(array_of(report.top, array), string(text));
}

static const char *hunk_bytes(const struct report_file *file, const char *text, size_t text_len, size_t at,
                              size_t len)
{
    return secret_hides(text, text_len, at, len, secret_file(file->document, file->path))
               ? PARAMS_HIDDEN
               : arena_copy(text + at, len);
}

void report_change(const struct report_file *file, const char *(*hide)(const void *with, const char *text),
                   const void *with)
{
    json_t *change = report_add(report.top, "changes");
    if (change == NULL)
        return;
    report_text(change, "path", file->path);
    report_text(change, "document", file->document);
    report_text(change, "before", file->before_digest[0] != '\0' ? file->before_digest : NULL);
    report_text(change, "after", file->after_digest[0] != '\0' ? file->after_digest : NULL);
    report_text(change, "diff", file->diff);
    report_flag(change, "masked", file->masked);
    array_of(change, "hunks");
    ptrdiff_t shift = 0;
    for (size_t i = 0; i < file->n_hunk; i++) {
        const struct hunk *h = &file->hunk[i];
        json_t *hunk = report_add(change, "hunks");
        const char *old = hunk_bytes(file, file->before, file->before_len, h->at, h->old_len);
        const char *new =
            hunk_bytes(file, file->after, file->after_len, (size_t)((ptrdiff_t)h->at + shift), h->len);
        shift += (ptrdiff_t)h->len - (ptrdiff_t)h->old_len;
        report_number(hunk, "at", (long long)(file->in_file != NULL ? file->in_file[i].at : h->at));
        report_text(hunk, "old", hide != NULL ? hide(with, old) : old);
        report_text(hunk, "new", hide != NULL ? hide(with, new) : new);
    }
}

static bool write_all(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(report.out, bytes, len);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* jansson leaves the one control character that JSON allows as it is. */
static int dump(const char *bytes, size_t len, void *ignored)
{
    (void)ignored;
    for (const char *del; (del = memchr(bytes, 0x7f, len)) != NULL;) {
        size_t before = (size_t)(del - bytes);
        if (!write_all(bytes, before) || !write_all("\\u007F", 6))
            return -1;
        bytes = del + 1;
        len -= before + 1;
    }
    return write_all(bytes, len) ? 0 : -1;
}

bool report_end(int exit_code, const char *state, const char *state_word, const char *error)
{
    report_number(report.top, "exit", exit_code);
    report_text(report.top, "state", state);
    report_text(report.top, "state_word", state_word);
    report_text(report.top, "error", error);
    return json_dump_callback(report.top, dump, NULL, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 &&
           write_all("\n", 1);
}
