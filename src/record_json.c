/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the two texts of a record are written in; see record_private.h.
 *
 * JSON holds text, configuration files hold bytes: bytes are written as the characters U+0001 to U+00FF of
 * the same number (Latin-1), so every byte comes back and ASCII stays readable.
 */
#include "record_private.h"

#include <stdlib.h>
#include <string.h>

#define SUM "sum" /* the member with the checksum of the others */

/* ---- bytes in JSON ---- */

json_t *record_json_bytes(const char *bytes, size_t len)
{
    struct buf utf8 = {0};
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        char two[2] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))};
        if (c < 0x80)
            buf_add(&utf8, (const char *)&c, 1);
        else
            buf_add(&utf8, two, 2);
    }
    return json_stringn(buf_text(&utf8), utf8.len);
}

const char *record_bytes_of(const json_t *value, size_t *ret_len)
{
    const char *utf8 = json_string_value(value);
    struct buf bytes = {0};
    if (utf8 == NULL)
        return NULL;
    for (size_t i = 0, len = json_string_length(value); i < len; i++) {
        unsigned char c = (unsigned char)utf8[i];
        if (c > 0xc3)
            return NULL;
        if (c >= 0x80) /* jansson takes whole characters only */
            c = (unsigned char)((c & 0x03) << 6 | ((unsigned char)utf8[++i] & 0x3f));
        buf_add(&bytes, (const char *)&c, 1);
    }
    *ret_len = bytes.len;
    return buf_text(&bytes);
}

void record_json_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, record_json_bytes(text, strlen(text)));
}

/* ---- whole texts ---- */

/* jansson leaves out what it has no memory for, and most of its callers here do not ask: so its allocator
 * tells. */
static bool json_ran_short;

static void *json_take(size_t size)
{
    void *p = malloc(size);
    json_ran_short |= p == NULL;
    return p;
}

void record_json_begin(void)
{
    json_set_alloc_funcs(json_take, free);
    json_ran_short = false;
}

bool record_json_ran_short(void)
{
    return json_ran_short;
}

/* Of all that the object says, however it is laid out. */
static bool json_sum(const json_t *object, char ret_hex[DIGEST_HEX + 1])
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return false;
    digest_hex(text, strlen(text), ret_hex);
    free(text);
    return true;
}

const char *record_json_text_of(json_t *object, size_t *ret_len)
{
    char sum[DIGEST_HEX + 1];
    if (json_sum(object, sum))
        json_object_set_new(object, SUM, json_string(sum));
    char *text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    const char *copy = NULL;
    if (text != NULL && !json_ran_short) {
        *ret_len = strlen(text);
        copy = arena_copy(text, *ret_len);
    }
    free(text);
    return copy;
}

/* One of before there were checksums is sound. */
static bool is_sound(json_t *object)
{
    char sum[DIGEST_HEX + 1];
    const char *said = json_string_value(json_object_get(object, SUM));
    if (said == NULL)
        return json_object_get(object, SUM) == NULL;
    said = arena_string(said);
    json_object_del(object, SUM);
    return json_sum(object, sum) && strcmp(sum, said) == 0;
}

json_t *record_json_load(const char *file, const char *text, size_t len, struct err *err)
{
    json_error_t why;
    record_json_begin();
    json_t *object = json_loadb(text, len, 0, &why);
    bool sound = object != NULL && is_sound(object);
    if (json_ran_short) {
        json_decref(object);
        err_set(err, "there is not enough memory to read %s", file);
        return NULL;
    }
    if (object == NULL) {
        err_set(err, "%s:%d:%d: %s", file, why.line, why.column, why.text);
        return NULL;
    }
    if (sound)
        return object;
    json_decref(object);
    err_set(err, "%s is not what was written: its checksum is another", file);
    return NULL;
}

/* ---- the change of a target ---- */

#define ABSENT "absent"

const char *record_json_digest(const char *digest)
{
    return digest[0] != '\0' ? digest : ABSENT;
}

json_t *record_json_hunks(const struct target *target)
{
    json_t *hunks = json_array();
    for (size_t i = 0; i < target->n_hunk; i++) {
        const struct hunk *h = &target->hunk[i];
        json_array_append_new(hunks, json_pack("{s:I, s:o, s:o}", "at", (json_int_t)h->at, "old",
                                               record_json_bytes(target->old[i], h->old_len), "new",
                                               record_json_bytes(h->bytes, h->len)));
    }
    return hunks;
}

bool record_read_digest(const json_t *value, char ret[DIGEST_HEX + 1])
{
    const char *text = json_string_value(value);
    if (text != NULL && strcmp(text, ABSENT) == 0)
        text = "";
    else if (text == NULL || strlen(text) != DIGEST_HEX || strspn(text, "0123456789abcdef") != DIGEST_HEX)
        return false;
    memcpy(ret, text, strlen(text) + 1);
    return true;
}

bool record_read_hunks(const json_t *hunks, struct target *target)
{
    size_t i;
    json_t *item;
    json_array_foreach(hunks, i, item)
    {
        const json_t *at = json_object_get(item, "at");
        struct hunk h = {.at = (size_t)json_integer_value(at)};
        const char *old = record_bytes_of(json_object_get(item, "old"), &h.old_len);
        size_t n = target->n_hunk;
        h.bytes = record_bytes_of(json_object_get(item, "new"), &h.len);
        if (!json_is_integer(at) || json_integer_value(at) < 0 || old == NULL || h.bytes == NULL)
            return false;
        target->old = arena_append(target->old, &n, sizeof(old), &old);
        target->hunk = arena_append(target->hunk, &target->n_hunk, sizeof(h), &h);
    }
    return json_is_array(hunks);
}
