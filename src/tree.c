/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a lens sees in a text; see tree.h. The only file that includes augeas.h.
 *
 * A text of Postfix's is cut into chunks of about 100 lines, always before a line that starts a logical line
 * (neither white space nor '#' in its first column) or among comments and blank lines behind which no logical
 * line goes on, one of Dovecot's between sections, and each chunk goes through the lens by itself: finding
 * the span of one node costs Augeas a walk over all its siblings, so a long file in one piece would cost the
 * square of its length. A logical line and the comments inside it are never parted, nor are the comments of a
 * service that is commented out. Lines that begin with white space before the first logical line are made
 * nodes here.
 *
 * A text of Dovecot's is read with marks in it (dovecot_masked), the values are those of the text.
 *
 * Limits: lenses are type-checked by the tests, not here. A text without a final newline is read as if it had
 * one; the spans then end where the text ends.
 */
#include "tree.h"

#include "dovecot.h"
#include "language.h"

#include <augeas.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_LINES 100
#define DEEPEST_FAULT 8 /* sections that are entered to find one */

static bool starts_logical_line(char c)
{
    return strchr(" \t\v\f\r\n#", c) == NULL;
}

static size_t line_len(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    return end != NULL ? (size_t)(end + 1 - text) : len;
}

static char first_of(const char *line, size_t len)
{
    size_t margin = 0;
    while (margin < len && strchr(" \t\v\f\r", line[margin]) != NULL)
        margin++;
    return margin < len ? line[margin] : '\n';
}

static bool is_calm(const char *line, size_t len)
{
    return strchr("#\n", first_of(line, len)) != NULL;
}

/* Comments and blank lines, up to end. */
struct calm {
    const char *end;
    bool apart; /* no logical line goes on behind them */
};

static struct calm calm_from(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && is_calm(text + at, len - at))
        at += line_len(text + at, len - at);
    return (struct calm){text + at, at == len || starts_logical_line(text[at])};
}

/* Among comments: those of a commented-out service stay together, a blank line ends them. */
static bool may_part(enum lens lens, const char *line, size_t len)
{
    return lens != LENS_MASTER || first_of(line, len) == '\n';
}

/* The length of the next chunk of a text of Postfix's; *calm keeps what was seen of the text behind it. */
static size_t logical_lines(enum lens lens, const char *text, size_t len, struct calm *calm)
{
    size_t lines = 0;
    for (size_t at = line_len(text, len); at < len; at += line_len(text + at, len - at)) {
        if (++lines < CHUNK_LINES)
            continue;
        if (starts_logical_line(text[at]))
            return at;
        if (calm->end == NULL || text + at >= calm->end)
            *calm = calm_from(text + at, len - at);
        if (text + at < calm->end && calm->apart && may_part(lens, text + at, len - at))
            return at;
    }
    return len;
}

static const struct {
    const char *id;
    const char *lens;
    enum { WHOLE, LOGICAL_LINES, SECTIONS } chunks;
    const char *expected;
} LENSES[N_LENS] = {
    [LENS_MAIN] = {"main.cf", "Mf_Main.lns", LOGICAL_LINES,
                   N_("expected a parameter (name = value), a comment that begins with '#', or a line that "
                      "continues a value "
                      "and begins with white space")},
    [LENS_MASTER] = {"master.cf", "Mf_Master.lns", LOGICAL_LINES,
                     N_("expected a service (service type private unpriv chroot wakeup maxproc command), a "
                        "comment that begins "
                        "with '#', or an option line that begins with white space (braces nest five deep at "
                        "most, groups of several lines not at all)")},
    [LENS_TRANSPORT] =
        {"transport", "Mf_Transport.lns", LOGICAL_LINES,
         N_("expected an entry (key and value), a comment that begins with '#', or a line that "
            "continues a value and begins with white space")},
    [LENS_ALIASES] = {"aliases", "Mf_Aliases.lns", LOGICAL_LINES,
                      N_("expected an alias (name: targets), a comment that begins with '#', or a line that "
                         "continues the targets and begins with white space")},
    [LENS_DOVECOT] =
        {"dovecot.conf", "Mf_Dovecot.lns", SECTIONS,
         N_("expected a setting (name = value), a section that opens with '{' at the end of its line "
            "and closes with '}' on a line of its own, !include FILE, or a comment")},
    [LENS_FIX] =
        {"fix", "Mf_Fix.lns", WHOLE,
         N_("expected a stanza of a fix file (fix title effect about advice see independent rows param "
            "symptom "
            "still "
            "consequence require risk edit after verify) with the keys that it takes, see mailfix-fix(5)")},
};

static const char *lens_dir;
static augeas *aug;

bool tree_lens_of(const char *id, enum lens *ret_lens)
{
    for (int i = 0; i < N_LENS; i++)
        if (strcmp(LENSES[i].id, id) == 0) {
            *ret_lens = (enum lens)i;
            return true;
        }
    return false;
}

bool tree_lens_of_document(const char *id, enum lens *ret_lens)
{
    static const char map[] = TREE_MAP;
    if (starts_with(id, map) && id[strlen(map)] != '\0')
        id = LENSES[LENS_TRANSPORT].id;
    else if (strcmp(id, LENSES[LENS_TRANSPORT].id) == 0 || strcmp(id, LENSES[LENS_FIX].id) == 0)
        return false;
    return tree_lens_of(id, ret_lens);
}

struct strings tree_lens_names(void)
{
    struct strings names = {0};
    for (int i = 0; i < N_LENS; i++)
        strings_add(&names, LENSES[i].id);
    return names;
}

void tree_set_lens_dir(const char *dir)
{
    lens_dir = dir;
}

void tree_close(void)
{
    if (aug != NULL)
        aug_close(aug);
    aug = NULL;
}

static bool open_augeas(struct err *err)
{
    if (aug != NULL)
        return true;
    unsetenv("AUGEAS_LENS_LIB");
    unsetenv("AUGEAS_ROOT");
    aug = aug_init(NULL, lens_dir, AUG_NO_STDINC | AUG_NO_LOAD | AUG_NO_MODL_AUTOLOAD | AUG_ENABLE_SPAN);
    return aug != NULL ? true : err_set(err, "cannot start Augeas with the lenses in %s", lens_dir);
}

/* ---- from Augeas to struct node ---- */

struct chunk {
    const char *name; /* for messages */
    const char *text; /* the whole text */
    const char *read; /* the same for the lens: as long, perhaps with marks in it */
    size_t len;       /* without a newline that was added */
    size_t base;      /* where the chunk begins */
    size_t line;      /* of the text's first byte */
};

static size_t clamp(const struct chunk *p, unsigned offset)
{
    size_t at = p->base + offset;
    return at < p->len ? at : p->len;
}

static bool read_spans(const struct chunk *p, const char *path, struct node *node, struct err *err)
{
    unsigned label_start, label_end, value_start, value_end, start, end;
    char *filename = NULL;
    if (aug_span(aug, path, &filename, &label_start, &label_end, &value_start, &value_end, &start, &end) < 0)
        return err_set(err, "%s: Augeas has no span for %s: %s", p->name, path, aug_error_message(aug));
    free(filename);
    node->span = (struct span){clamp(p, start), clamp(p, end)};
    node->text = (struct span){clamp(p, value_start), clamp(p, value_end)};
    return true;
}

/* The lens may have read marks in the place of the bytes. */
static void unmark(const struct chunk *p, struct node *node)
{
    size_t len = node->text.end - node->text.start;
    if (p->read != p->text && node->value != NULL && strlen(node->value) == len &&
        memcmp(node->value, p->read + node->text.start, len) == 0)
        node->value = arena_copy(p->text + node->text.start, len);
}

/* Copies the children of parent, depth first. Labels that begin with '#' are leaves in all our lenses. */
static bool copy_children(const struct chunk *p, const char *parent, int depth, struct node **ret_node,
                          size_t *ret_n, struct err *err)
{
    const char *all = arena_printf("%s/*", parent);
    const char *variable = arena_printf("level%d", depth);
    if (aug_defvar(aug, variable, all) < 0)
        return err_set(err, "%s: Augeas cannot list %s: %s", p->name, all, aug_error_message(aug));
    int n = aug_ns_count(aug, variable);
    struct node *list = n > 0 ? arena_alloc((size_t)n * sizeof(*list)) : NULL;
    for (int i = 0; i < n; i++) {
        const char *label = NULL, *value = NULL;
        aug_ns_label(aug, variable, i, &label, NULL);
        aug_ns_value(aug, variable, i, &value);
        list[i].label = arena_string(label != NULL ? label : "");
        list[i].value = value != NULL ? arena_string(value) : NULL;
    }
    for (int i = 0; i < n; i++) {
        const char *path = arena_printf("%s[%d]", all, i + 1);
        if (!read_spans(p, path, &list[i], err))
            return false;
        unmark(p, &list[i]);
        if (list[i].label[0] != '#' &&
            !copy_children(p, path, depth + 1, &list[i].child, &list[i].n_child, err))
            return false;
    }
    *ret_node = list;
    *ret_n = (size_t)n;
    return true;
}

static size_t error_offset(void)
{
    const char *value = NULL;
    if (aug_get(aug, "/augeas/text/tree/error/pos", &value) == 1 && value != NULL)
        return strtoul(value, NULL, 10);
    return 0;
}

/* Augeas blames the line that opens a section for whatever is wrong inside. The lens reads what follows that
 * line by itself, and where it stops there is the fault, unless the section ends there or nothing stops it.
 */
static size_t fault_inside(enum lens lens, const struct chunk *p, size_t len, size_t at)
{
    for (int depth = 0; depth < DEEPEST_FAULT; depth++) {
        size_t next = at;
        while (next < len && p->read[p->base + next] != '\n')
            next++;
        size_t last = next;
        while (last > at && strchr(" \t\r", p->read[p->base + last - 1]) != NULL)
            last--;
        if (last == at || p->read[p->base + last - 1] != '{' || ++next >= len)
            return at;
        const char *inside = arena_copy(p->read + p->base + next, len - next);
        aug_rm(aug, "/tree");
        if (aug_set(aug, "/chunk", inside) < 0 ||
            aug_text_store(aug, LENSES[lens].lens, "/chunk", "/tree") == 0)
            return at;
        size_t stop = next + error_offset();
        if (stop >= len || p->read[p->base + stop + strspn(p->read + p->base + stop, " \t")] == '}')
            return at;
        at = stop;
    }
    return at;
}

static bool refused(enum lens lens, const struct chunk *p, size_t len, struct err *err)
{
    const char *message = NULL;
    aug_get(aug, "/augeas/text/tree/error/message", &message);
    if (message == NULL)
        return err_set(err, "%s: the lens %s cannot be used: %s%s%s", p->name, LENSES[lens].lens,
                       aug_error_message(aug), aug_error_details(aug) != NULL ? ": " : "",
                       aug_error_details(aug) != NULL ? aug_error_details(aug) : "");
    size_t fault = error_offset();
    if (lens == LENS_DOVECOT)
        fault = fault_inside(lens, p, len, fault);
    struct position at = text_position(p->text, p->len, p->base + fault);
    if (at.len > 0 && at.start[at.len - 1] == '\r')
        at.len--; /* it would move the cursor */
    return err_set(err, "%s:%zu:%zu: %s\n%s", p->name, p->line + at.line - 1, at.column,
                   _(LENSES[lens].expected), language_caret(at.start, at.len, at.column));
}

static bool parse_piece(enum lens lens, const struct chunk *p, size_t len, struct node **ret_node,
                        size_t *ret_n, struct err *err)
{
    struct buf text = {0};
    buf_add(&text, p->read + p->base, len);
    if (len > 0 && text.text[len - 1] != '\n')
        buf_puts(&text, "\n");
    if (aug_set(aug, "/chunk", buf_text(&text)) < 0)
        return err_set(err, "%s: Augeas does not take the text: %s", p->name, aug_error_message(aug));
    aug_rm(aug, "/tree");
    if (aug_text_store(aug, LENSES[lens].lens, "/chunk", "/tree") < 0)
        return refused(lens, p, len, err);
    return copy_children(p, "/tree", 0, ret_node, ret_n, err);
}

/* ---- before the first logical line ---- */

/* Text behind white space: before the first logical line it continues nothing, and Postfix drops it. */
static bool is_stray(const char *line, size_t len)
{
    return strchr(" \t\v\f\r", line[0]) != NULL && !is_calm(line, len);
}

/* The length of the blank lines and comments that stand before a stray line or the first logical line, or of
 * a chunk of them. */
static size_t lead_in(enum lens lens, const char *text, size_t len)
{
    size_t at = 0;
    for (size_t lines = 0; at < len && is_calm(text + at, len - at); lines++) {
        if (lines >= CHUNK_LINES && may_part(lens, text + at, len - at))
            break;
        at += line_len(text + at, len - at);
    }
    return at;
}

/* The length of the chunk at base, behind the first logical line. */
static size_t chunk_len(enum lens lens, const char *read, size_t len, struct calm *calm)
{
    switch (LENSES[lens].chunks) {
    case LOGICAL_LINES:
        return logical_lines(lens, read, len, calm);
    case SECTIONS:
        return dovecot_chunk(read, len, CHUNK_LINES);
    case WHOLE:
        break;
    }
    return len;
}

/* No lens knows stray lines: a lens that does has every part of it twice, before and behind the first logical
 * line. */
static struct node stray_node(const char *text, size_t base, size_t len)
{
    size_t start = base, end = base + len;
    while (strchr(" \t\v\f\r", text[start]) != NULL)
        start++;
    while (strchr(" \t\v\f\r\n", text[end - 1]) != NULL)
        end--;
    return (struct node){.label = TREE_STRAY,
                         .value = arena_printf("%.*s", (int)(end - start), text + start),
                         .span = {base, base + len},
                         .text = {start, end}};
}

static bool check_tiles(const char *name, const struct node *node, size_t n, size_t len, struct err *err)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (node[i].span.start != at)
            return err_set(err, "%s: the lens lost bytes %zu to %zu; this is a fault of mailfix's lens", name,
                           at, node[i].span.start);
        at = node[i].span.end;
    }
    return at == len
               ? true
               : err_set(err, "%s: the lens lost the bytes from %zu on; this is a fault of mailfix's lens",
                         name, at);
}

bool tree_parse_part(enum lens lens, const char *name, size_t line, const char *text, size_t len,
                     struct node **ret_node, size_t *ret_n, struct err *err)
{
    struct node *all = NULL;
    size_t n = 0;
    if (!open_augeas(err))
        return false;
    const char *read = lens == LENS_DOVECOT ? dovecot_masked(text, len) : text;
    bool started = LENSES[lens].chunks != LOGICAL_LINES;
    struct calm calm = {0};
    for (size_t base = 0; base < len;) {
        if (!started && is_stray(text + base, len - base)) {
            struct node stray = stray_node(text, base, line_len(text + base, len - base));
            all = arena_append(all, &n, sizeof(*all), &stray);
            base = stray.span.end;
            continue;
        }
        size_t part = started ? 0 : lead_in(lens, text + base, len - base);
        if (part == 0) {
            started = true;
            part = chunk_len(lens, read + base, len - base, &calm);
        }
        struct chunk p = {.name = name, .text = text, .read = read, .len = len, .base = base, .line = line};
        struct node *some = NULL;
        size_t n_some = 0;
        if (!parse_piece(lens, &p, part, &some, &n_some, err))
            return false;
        for (size_t i = 0; i < n_some; i++)
            all = arena_append(all, &n, sizeof(*all), &some[i]);
        base += part;
    }
    if (!check_tiles(name, all, n, len, err))
        return false;
    *ret_node = all;
    *ret_n = n;
    return true;
}

bool tree_parse(enum lens lens, const char *name, const char *text, size_t len, struct node **ret_node,
                size_t *ret_n, struct err *err)
{
    return tree_parse_part(lens, name, 1, text, len, ret_node, ret_n, err);
}
