/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a lens sees in a text; see tree.h. The only file that includes augeas.h.
 *
 * A text goes through its lens in the parts that tree_cut.c makes of it. Lines that no lens need see, such as
 * those that begin with white space before the first logical line, are made nodes here.
 *
 * A text of Dovecot's, a master.cf and a table are read with marks in them (dovecot_masked, postfix_mask.h),
 * the values are those of the text.
 *
 * Limits: lenses are type-checked by the tests, not here. A text without a final newline is read as if it had
 * one; the spans then end where the text ends.
 */
#include "tree.h"

#include "dovecot.h"
#include "language.h"
#include "memory.h"
#include "postfix_key.h"
#include "postfix_mask.h"
#include "secret.h"
#include "tree_cut.h"

#include <augeas.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST_FAULT 8 /* sections that are entered to find one */

static const struct {
    const char *id;
    const char *lens;
    const char *expected;
} LENSES[N_LENS] = {
    [LENS_MAIN] = {"main.cf", "Mf_Main.lns",
                   N_("expected a parameter (name = value), a comment that begins with '#', or a line that "
                      "continues a value "
                      "and begins with white space")},
    [LENS_MASTER] = {"master.cf", "Mf_Master.lns",
                     N_("expected a service (service type private unpriv chroot wakeup maxproc command), a "
                        "comment that begins "
                        "with '#', or an option line that begins with white space (braces behind -o close "
                        "again in the same service)")},
    [LENS_TRANSPORT] =
        {"transport", "Mf_Transport.lns",
         N_("expected an entry (key and value), a comment that begins with '#', or a line that "
            "continues a value and begins with white space")},
    [LENS_ALIASES] = {"aliases", "Mf_Aliases.lns",
                      N_("expected an alias (name: targets), a comment that begins with '#', or a line that "
                         "continues the targets and begins with white space")},
    [LENS_DOVECOT] =
        {"dovecot.conf", "Mf_Dovecot.lns",
         N_("expected a setting (name = value), a section that opens with '{' at the end of its line "
            "and closes with '}' on a line of its own, !include FILE, or a comment")},
    [LENS_FIX] =
        {"fix", "Mf_Fix.lns",
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
    enum lens lens;
    const char *name; /* for messages */
    const char *text; /* the whole text */
    const char *read; /* the same for the lens: as long, perhaps with marks in it */
    size_t len;       /* of the whole text */
    size_t base, end; /* where the chunk begins and ends, without a newline that was added */
    size_t head;      /* bytes in front of it that only the lens sees */
    size_t line;      /* of the text's first byte */
};

static size_t clamp(const struct chunk *p, size_t offset)
{
    size_t at = p->base + (offset > p->head ? offset - p->head : 0);
    return at < p->end ? at : p->end;
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

static bool is_table(enum lens lens)
{
    return lens == LENS_TRANSPORT || lens == LENS_ALIASES;
}

/* The lens may have read marks in the place of the bytes. A key that goes over lines is what Postfix sees of
 * it.
 */
static void unmark(const struct chunk *p, struct node *node)
{
    size_t len = node->text.end - node->text.start;
    if (p->read != p->text && node->value != NULL && strlen(node->value) == len &&
        memcmp(node->value, p->read + node->text.start, len) == 0)
        node->value = is_table(p->lens) ? postfix_logical(p->text + node->text.start, len)
                                        : arena_copy(p->text + node->text.start, len);
}

/* In all our lenses. */
static bool is_leaf(const char *label)
{
    return label[0] == '#' || strcmp(label, "value") == 0;
}

/* Copies the children of parent, depth first. */
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
        if (!is_leaf(list[i].label) &&
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

/* A line that is not quoted, because it may hold a secret. */
static bool is_hidden(const struct chunk *p, const struct position *place)
{
    size_t start = (size_t)(place->start - p->text);
    return secret_file("map ", p->name) == SECRETS_ALL ||
           secret_line(p->text, start, start + place->len, SECRETS_HIDDEN) != NULL;
}

static bool refused_at(const struct chunk *p, size_t at, const char *expected, struct err *err)
{
    struct position place = text_position(p->text, p->len, at);
    if (place.len > 0 && place.start[place.len - 1] == '\r')
        place.len--; /* it would move the cursor */
    bool hidden = is_hidden(p, &place);
    return err_set(err, "%s:%zu:%zu: %s%s%s", p->name, p->line + place.line - 1, place.column, _(expected),
                   hidden ? "" : "\n", hidden ? "" : language_caret(place.start, place.len, place.column));
}

static bool refused(enum lens lens, const struct chunk *p, struct err *err)
{
    const char *message = NULL;
    aug_get(aug, "/augeas/text/tree/error/message", &message);
    if (message == NULL)
        return err_set(err, "%s: the lens %s cannot be used: %s%s%s", p->name, LENSES[lens].lens,
                       aug_error_message(aug), aug_error_details(aug) != NULL ? ": " : "",
                       aug_error_details(aug) != NULL ? aug_error_details(aug) : "");
    size_t fault = clamp(p, error_offset()) - p->base;
    if (lens == LENS_DOVECOT)
        fault = fault_inside(lens, p, p->end - p->base, fault);
    return refused_at(p, p->base + fault, LENSES[lens].expected, err);
}

static bool parse_chunk(enum lens lens, struct chunk *p, const struct part *part, struct node **ret_node,
                        size_t *ret_n, struct err *err)
{
    struct buf text = {0};
    if (part->head != NULL)
        buf_puts(&text, part->head);
    p->head = text.len;
    buf_add(&text, p->read + p->base, part->len);
    if (text.len > 0 && text.text[text.len - 1] != '\n')
        buf_puts(&text, "\n");
    if (part->tail != NULL)
        buf_puts(&text, part->tail);
    if (aug_set(aug, "/chunk", buf_text(&text)) < 0)
        return err_set(err, "%s: Augeas does not take the text: %s", p->name, aug_error_message(aug));
    aug_rm(aug, "/tree");
    if (aug_text_store(aug, LENSES[lens].lens, "/chunk", "/tree") < 0)
        return refused(lens, p, err);
    return copy_children(p, "/tree", 0, ret_node, ret_n, err);
}

/* ---- from parts to one tree ---- */

/* The nodes of a text so far: level 0 are those at the top, the next ones are in the last node of the level
 * before, which is read in parts. */
struct growing {
    struct {
        struct node *node;
        size_t n;
    } level[MOST_OPEN + 1];
    size_t deepest;
};

static void add_nodes(struct growing *g, const struct node *node, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g->level[g->deepest].node =
            arena_append(g->level[g->deepest].node, &g->level[g->deepest].n, sizeof(*node), &node[i]);
}

/* Each line of a part that no lens need see. */
static void add_lines(struct growing *g, const struct chunk *p)
{
    for (size_t base = p->base; base < p->end;) {
        const char *newline = memchr(p->text + base, '\n', p->end - base);
        size_t next = newline != NULL ? (size_t)(newline + 1 - p->text) : p->end, start = base, end = next;
        while (end > start && strchr(" \t\v\f\r\n", p->text[end - 1]) != NULL)
            end--;
        while (start < end && strchr(" \t\v\f\r", p->text[start]) != NULL)
            start++;
        const char *label = start == end ? "#blank" : p->text[start] == '#' ? "#comment" : TREE_STRAY;
        struct node node = {.label = label,
                            .value = start < end ? arena_copy(p->text + start, end - start) : NULL,
                            .span = {base, next},
                            .text = {start, end}};
        add_nodes(g, &node, 1);
        base = next;
    }
}

/* The nodes of a part. One that is read in parts keeps its children for itself until it is closed. */
static bool add_part(struct growing *g, const struct chunk *p, const struct part *part, struct node *node,
                     size_t n, struct err *err)
{
    if (part->head == NULL && !part->opens) {
        add_nodes(g, node, n);
        return true;
    }
    /* A backslash on a line of its own goes before the section that it leads on to. */
    if (part->head == NULL && n > 1) {
        add_nodes(g, node, n - 1);
        node += n - 1;
        n = 1;
    }
    if (n != 1 || node->n_child < part->n_head)
        return err_set(err, "%s: the lens does not see one node from byte %zu on; this is a fault of mailfix",
                       p->name, p->base);
    if (part->opens) {
        add_nodes(g, node, 1);
        g->deepest++;
        g->level[g->deepest].node = NULL;
        g->level[g->deepest].n = 0;
    }
    add_nodes(g, node->child + part->n_head, node->n_child - part->n_head);
    if (part->closes) {
        struct node *whole = &g->level[g->deepest - 1].node[g->level[g->deepest - 1].n - 1];
        whole->span.end = p->end;
        whole->child = g->level[g->deepest].node;
        whole->n_child = g->level[g->deepest].n;
        g->deepest--;
    }
    return true;
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

static const char *text_for_lens(enum lens lens, const char *text, size_t len)
{
    return lens == LENS_DOVECOT  ? dovecot_masked(text, len)
           : lens == LENS_MASTER ? postfix_masked_master(text, len)
           : is_table(lens)      ? postfix_masked_table(lens == LENS_ALIASES, text, len)
                                 : text;
}

static bool parse_parts(enum lens lens, const char *name, size_t line, const char *text, size_t len,
                        struct node **ret_node, size_t *ret_n, struct err *err)
{
    struct growing *grown = arena_alloc(sizeof(*grown));
    struct part part;
    if (!open_augeas(err))
        return false;
    *grown = (struct growing){0};
    const char *read = text_for_lens(lens, text, len);
    struct cutter cutter = {.lens = lens, .read = read, .len = len};
    struct chunk p = {.lens = lens, .name = name, .text = text, .read = read, .len = len, .line = line};
    while (cut_next(&cutter, &part)) {
        struct node *node = NULL;
        size_t n = 0;
        if (part.refused)
            return refused_at(&p, cutter.at + part.len, part.why != NULL ? part.why : LENSES[lens].expected,
                              err);
        p.end = cutter.at;
        p.base = cutter.at - part.len;
        if (part.plain)
            add_lines(grown, &p);
        else if (!parse_chunk(lens, &p, &part, &node, &n, err) || !add_part(grown, &p, &part, node, n, err))
            return false;
    }
    *ret_node = grown->level[0].node;
    *ret_n = grown->level[0].n;
    return check_tiles(name, *ret_node, *ret_n, len, err);
}

bool tree_parse_part(enum lens lens, const char *name, size_t line, const char *text, size_t len,
                     struct node **ret_node, size_t *ret_n, struct err *err)
{
    bool before = memory_must(true);
    bool ok = parse_parts(lens, name, line, text, len, ret_node, ret_n, err);
    memory_must(before);
    return ok;
}

/* ---- what was read without a lens ---- */

#define AT_ONCE 100 /* top-level nodes: where Augeas takes the least time for each */

struct level {
    const struct node **node;
    size_t n;
};

static struct level below(const struct level *level)
{
    struct level next = {0};
    for (size_t i = 0; i < level->n; i++)
        for (size_t k = 0; k < level->node[i]->n_child; k++) {
            const struct node *child = &level->node[i]->child[k];
            next.node = arena_append(next.node, &next.n, sizeof(struct node *), &child);
        }
    return next;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The nodes that are so deep, in their order; what each of them is below is in the order, too. */
static bool same_level(const char *path, const struct level *level)
{
    if (aug_defvar(aug, "level", path) < 0 || aug_ns_count(aug, "level") != (int)level->n)
        return false;
    for (size_t i = 0; i < level->n; i++) {
        const char *label = NULL, *value = NULL;
        aug_ns_label(aug, "level", (int)i, &label, NULL);
        aug_ns_value(aug, "level", (int)i, &value);
        if (!same_text(label, level->node[i]->label) || !same_text(value, level->node[i]->value))
            return false;
    }
    return true;
}

static bool agrees(enum lens lens, const char *text, const struct node *node, size_t n)
{
    struct buf bytes = {0};
    struct level level = {0};
    for (size_t i = 0; i < n; i++) {
        const struct node *one = &node[i];
        buf_add(&bytes, text + one->span.start, one->span.end - one->span.start);
        level.node = arena_append(level.node, &level.n, sizeof(struct node *), &one);
    }
    aug_rm(aug, "/tree");
    if (aug_set(aug, "/chunk", buf_text(&bytes)) < 0 ||
        aug_text_store(aug, LENSES[lens].lens, "/chunk", "/tree") < 0)
        return false;
    for (const char *path = "/tree/*";; path = arena_printf("%s/*", path), level = below(&level)) {
        if (!same_level(path, &level))
            return false;
        if (level.n == 0)
            return true;
    }
}

bool tree_agrees(enum lens lens, const char *text, const struct node *node, size_t n)
{
    struct err ignored;
    bool before = memory_must(true), same = open_augeas(&ignored);
    for (size_t at = 0; same && at < n; at += AT_ONCE) {
        size_t mark = arena_mark();
        same = agrees(lens, text, node + at, n - at < AT_ONCE ? n - at : AT_ONCE);
        arena_release(mark);
    }
    memory_must(before);
    return same;
}

/* What a text holds of what makes it dear for its lens. */
static size_t count_dear(enum lens lens, const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n' ||
             (lens == LENS_MASTER && (text[i] == '{' || (text[i] > ' ' && (i == 0 || text[i - 1] <= ' '))));
    return n;
}

bool tree_fits(enum lens lens, const char *name, const char *text, size_t len, struct err *err)
{
    bool master = lens == LENS_MASTER, bytes = len > TREE_LIMIT;
    size_t n = bytes ? len : count_dear(lens, text, len);
    size_t most = bytes ? TREE_LIMIT : TREE_PARTS;
    const char *unit = bytes ? _("bytes") : master ? _("words, lines and braces") : _("lines");
    return n <= most
               ? true
               : err_set(err,
                         "%s has %zu %s; mailfix reads such a file of at most %zu. What is long in it can "
                         "stand in a file of its own, a table or one that is included",
                         name, n, unit, most);
}

bool tree_parse(enum lens lens, const char *name, const char *text, size_t len, struct node **ret_node,
                size_t *ret_n, struct err *err)
{
    return tree_fits(lens, name, text, len, err) &&
           tree_parse_part(lens, name, 1, text, len, ret_node, ret_n, err);
}
