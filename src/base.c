/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Errors, memory, growing buffers and safe printing; see base.h for the contracts.
 *
 * Limits: the arena is 256 MiB of address space; the largest text that mailfix reads whole is 1 MiB, so even
 * several parses of it fit. Messages longer than an err's text are cut at its
 * end, after a whole character.
 */
#include "base.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <sha2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The empty text is left alone: for gettext it names the catalogue's header. */
const char *text_localized(const char *fmt)
{
    return fmt[0] != '\0' ? gettext(fmt) : fmt;
}

void text_vprint(char *text, size_t size, const char *fmt, va_list ap)
{
    int wanted = vsnprintf(text, size, fmt, ap);
    if (wanted < 0)
        text[0] = '\0';
    if (wanted < 0 || (size_t)wanted < size)
        return;
    size_t start = size - 1; /* of the last character */
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    unsigned char lead = start > 0 ? (unsigned char)text[--start] : 0;
    size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (bytes > size - 1 - start)
        text[start] = '\0';
}

/* ---- errors ---- */

static void append(struct err *err, const char *fmt, ...) PRINTF(2, 3);

static void append(struct err *err, const char *fmt, ...)
{
    size_t used = strlen(err->text);
    va_list ap;
    va_start(ap, fmt);
    text_vprint(err->text + used, sizeof(err->text) - used, fmt, ap);
    va_end(ap);
}

static bool err_vset(struct err *err, enum outcome outcome, const char *fmt, va_list ap)
{
    err->outcome = outcome;
    err->number = 0;
    text_vprint(err->text, sizeof(err->text), text_localized(fmt), ap);
    return false;
}

bool err_set(struct err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_vset(err, FAILED, fmt, ap);
    va_end(ap);
    return false;
}

bool err_outcome(struct err *err, enum outcome outcome, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_vset(err, outcome, fmt, ap);
    va_end(ap);
    return false;
}

bool err_errno(struct err *err, const char *fmt, ...)
{
    int saved = errno;
    va_list ap;
    va_start(ap, fmt);
    err_vset(err, FAILED, fmt, ap);
    va_end(ap);
    append(err, ": %s", strerror(saved));
    err->number = saved;
    errno = saved;
    return false;
}

bool err_prefix(struct err *err, const char *fmt, ...)
{
    char fact[sizeof(err->text)];
    memcpy(fact, err->text, sizeof(fact));
    va_list ap;
    va_start(ap, fmt);
    text_vprint(err->text, sizeof(err->text), text_localized(fmt), ap);
    va_end(ap);
    append(err, ": %s", fact);
    return false;
}

/* ---- memory ---- */

bool base_touched;

#define ARENA_SIZE ((size_t)256 << 20)

static struct {
    char *start;
    size_t used;
    void (*exhausted)(void);
} arena;

bool arena_open(void (*exhausted)(void), struct err *err)
{
    void *map =
        mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return err_errno(err, "cannot reserve memory");
    arena.start = map;
    arena.used = 0;
    arena.exhausted = exhausted;
    return true;
}

void *arena_alloc(size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded < size || rounded > ARENA_SIZE - arena.used) {
        arena.exhausted();
        abort(); /* the handler broke its contract; dying here is safe, see txn.h */
    }
    void *p = arena.start + arena.used;
    arena.used += rounded;
    return p;
}

size_t arena_mark(void)
{
    return arena.used;
}

void arena_release(size_t mark)
{
    memset(arena.start + mark, 0, arena.used - mark);
    arena.used = mark;
}

char *arena_copy(const char *bytes, size_t len)
{
    char *copy = arena_alloc(len + 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

char *arena_string(const char *text)
{
    return arena_copy(text, strlen(text));
}

char *arena_printf(const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = arena_alloc((size_t)(len < 0 ? 0 : len) + 1);
    vsnprintf(text, (size_t)(len < 0 ? 0 : len) + 1, fmt, again);
    va_end(again);
    return text;
}

void *arena_append(void *array, size_t *n, size_t size, const void *element)
{
    /* The room doubles at each power of two, so the count alone tells when to move. */
    if ((*n & (*n - 1)) == 0) {
        void *grown = arena_alloc((*n == 0 ? 1 : *n * 2) * size);
        if (*n > 0)
            memcpy(grown, array, *n * size);
        array = grown;
    }
    memcpy((char *)array + *n * size, element, size);
    *n += 1;
    return array;
}

/* ---- lists of strings ---- */

void strings_add(struct strings *list, const char *item)
{
    list->item = arena_append(list->item, &list->n, sizeof(item), &item);
}

bool strings_same(const struct strings *a, const struct strings *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = strcmp(a->item[i], b->item[i]) == 0;
    return same;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strings_sort(struct strings *list)
{
    if (list->n > 1)
        qsort(list->item, list->n, sizeof(*list->item), by_bytes);
}

bool strings_have(const struct strings *list, const char *item)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i], item) == 0)
            return true;
    return false;
}

struct strings strings_split(const char *text, const char *separators)
{
    struct strings list = {0};
    while (*(text += strspn(text, separators)) != '\0') {
        size_t len = strcspn(text, separators);
        strings_add(&list, arena_copy(text, len));
        text += len;
    }
    return list;
}

const char *strings_join(const struct strings *list, const char *separator)
{
    struct buf b = {0};
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            buf_puts(&b, separator);
        buf_puts(&b, list->item[i]);
    }
    return buf_text(&b);
}

/* ---- growing text ---- */

void buf_add(struct buf *b, const char *bytes, size_t len)
{
    if (b->len + len + 1 > b->room) {
        size_t room = (b->len + len + 1) * 2;
        char *grown = arena_alloc(room);
        if (b->len > 0)
            memcpy(grown, b->text, b->len);
        b->text = grown;
        b->room = room;
    }
    if (len > 0)
        memcpy(b->text + b->len, bytes, len);
    b->len += len;
    b->text[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len > 0) {
        char *text = arena_alloc((size_t)len + 1);
        vsnprintf(text, (size_t)len + 1, fmt, again);
        buf_add(b, text, (size_t)len);
    }
    va_end(again);
}

const char *buf_text(const struct buf *b)
{
    return b->text != NULL ? b->text : "";
}

/* ---- text ---- */

const struct node *node_child(const struct node *node, const char *label)
{
    for (size_t i = 0; i < node->n_child; i++)
        if (strcmp(node->child[i].label, label) == 0)
            return &node->child[i];
    return NULL;
}

const char *node_child_value(const struct node *node, const char *label)
{
    const struct node *child = node_child(node, label);
    return child != NULL && child->value != NULL ? child->value : "";
}

bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

void digest_hex(const char *bytes, size_t len, char ret_hex[DIGEST_HEX + 1])
{
    static const char digit[] = "0123456789abcdef";
    uint8_t sum[SHA256_DIGEST_LENGTH];
    SHA2_CTX ctx;
    SHA256Init(&ctx);
    SHA256Update(&ctx, (const uint8_t *)bytes, len);
    SHA256Final(sum, &ctx);
    for (size_t i = 0; i < sizeof(sum); i++) {
        ret_hex[2 * i] = digit[sum[i] >> 4];
        ret_hex[2 * i + 1] = digit[sum[i] & 15];
    }
    ret_hex[DIGEST_HEX] = '\0';
}

int version_compare(const char *a, const char *b)
{
    for (;;) {
        char *a_end, *b_end;
        unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        bool a_more = a_end[0] == '.', b_more = b_end[0] == '.';
        if (!a_more && !b_more)
            return 0;
        a = a_more ? a_end + 1 : "0";
        b = b_more ? b_end + 1 : "0";
    }
}

const char *text_small_letters(const char *text)
{
    char *out = arena_string(text);
    for (char *at = out; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return out;
}

size_t text_line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

size_t text_line_end(const char *text, size_t len, size_t at)
{
    const char *newline = at < len ? memchr(text + at, '\n', len - at) : NULL;
    return newline != NULL ? (size_t)(newline - text) + 1 : len;
}

size_t text_newlines(const char *text, size_t len)
{
    size_t n = 0;
    for (const char *end = text + len, *at = text;
         at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        n++;
    return n;
}

struct position text_position(const char *text, size_t len, size_t offset)
{
    struct position p = {.line = 1, .start = text};
    if (offset > len)
        offset = len;
    for (size_t i = 0; i < offset; i++)
        if (text[i] == '\n') {
            p.line++;
            p.start = text + i + 1;
        }
    p.column = (size_t)(text + offset - p.start) + 1;
    const char *newline = memchr(p.start, '\n', (size_t)(text + len - p.start));
    p.len = (size_t)((newline != NULL ? newline : text + len) - p.start);
    return p;
}

/* ---- libraries that are loaded when first used ---- */

bool library_load(const char *soname, const char *const names[], void **functions, size_t n, struct err *err)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return err_set(err, "cannot load %s: %s", soname, dlerror());
    for (size_t i = 0; i < n; i++) {
        functions[i] = dlsym(library, names[i]);
        if (functions[i] == NULL)
            return err_set(err, "%s has no function %s", soname, names[i]);
    }
    return true;
}
