/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scan found, across the border of a process; see scan.h.
 *
 * Protocol: numbers of eight bytes and texts behind their length, in the order of the fixes and their
 * stanzas. Whoever unpacks them believes nothing: each number has its limit, each text is made clean.
 */
#include "clean.h"
#include "scan_private.h"

#include <string.h>

static void pack_number(struct buf *b, int64_t number)
{
    buf_add(b, (const char *)&number, sizeof(number));
}

static void pack_text(struct buf *b, const char *text)
{
    size_t len = strlen(text);
    pack_number(b, (int64_t)len);
    buf_add(b, text, len);
}

static void pack_slot(struct buf *b, const struct slot *slot)
{
    pack_number(b, (int64_t)slot->count);
    if (slot->count == 0)
        return;
    pack_number(b, slot->first_time);
    pack_number(b, slot->last_time);
    pack_text(b, slot->first);
    pack_text(b, slot->last);
}

const char *scan_pack(const struct scan *scan, size_t *ret_len)
{
    struct buf b = {0};
    buf_puts(&b, "1");
    pack_number(&b, (int64_t)scan->lines);
    pack_number(&b, scan->mail);
    for (size_t i = 0; i < scan->n; i++) {
        const struct watch *w = &scan->watch[i];
        pack_slot(&b, &w->symptom);
        for (size_t k = 0; k < w->fix->n_consequence && w->symptom.count > 0; k++)
            pack_slot(&b, &w->consequence[k]);
        for (size_t k = 0; k < w->n_kept && w->symptom.count > 0; k++) {
            pack_number(&b, (int64_t)w->kept[k].n);
            for (size_t v = 0; v < w->kept[k].n; v++)
                pack_text(&b, w->kept[k].value[v]);
        }
    }
    *ret_len = b.len;
    return buf_text(&b);
}

/* What is left to be unpacked; bad once something did not fit. */
struct packed {
    const char *at;
    size_t left;
    bool bad;
};

static int64_t unpack_number(struct packed *p, int64_t most)
{
    int64_t number = 0;
    if (p->left < sizeof(number)) {
        p->bad = true;
        return 0;
    }
    memcpy(&number, p->at, sizeof(number));
    p->at += sizeof(number);
    p->left -= sizeof(number);
    p->bad |= number < 0 || number > most;
    return p->bad ? 0 : number;
}

static const char *unpack_text(struct packed *p)
{
    size_t len = (size_t)unpack_number(p, MAILLOG_LINE);
    if (p->bad || len > p->left || memchr(p->at, '\0', len) != NULL) {
        p->bad = true;
        return "";
    }
    const char *text = arena_copy(p->at, len);
    p->at += len;
    p->left -= len;
    return text;
}

static struct sighting unpack_sighting(struct packed *p)
{
    struct sighting s = {.count = (size_t)unpack_number(p, INT64_MAX), .first = "", .last = ""};
    if (s.count == 0)
        return s;
    s.first_time = (time_t)unpack_number(p, INT32_MAX * (int64_t)4);
    s.last_time = (time_t)unpack_number(p, INT32_MAX * (int64_t)4);
    s.first = clean_text(unpack_text(p));
    s.last = clean_text(unpack_text(p));
    return s;
}

static void unpack_captures(struct packed *p, const struct kept *kept, struct strings *captures)
{
    int64_t n = unpack_number(p, SCAN_VALUES);
    for (int64_t v = 0; v < n && !p->bad; v++) {
        const char *value = unpack_text(p);
        if (strcmp(clean_text(value), value) == 0)
            strings_add(captures, arena_printf("%s=%s", kept->name, value));
    }
}

static void unpack_seen(struct packed *p, const struct watch *w, struct seen *seen)
{
    seen->symptom = unpack_sighting(p);
    if (seen->symptom.count == 0)
        return;
    p->bad |= !heard_any(w->fix);
    seen->consequence = arena_alloc(w->fix->n_consequence * sizeof(*seen->consequence));
    for (size_t k = 0; k < w->fix->n_consequence; k++)
        seen->consequence[k] = unpack_sighting(p);
    for (size_t k = 0; k < w->n_kept; k++)
        unpack_captures(p, &w->kept[k], &seen->captures);
}

bool scan_unpack(const struct scan *scan, const char *bytes, size_t len, struct scanned *ret_scanned)
{
    struct packed p = {bytes, len, len == 0 || bytes[0] != '1'};
    struct scanned scanned = {.seen = arena_alloc(scan->n * sizeof(*scanned.seen))};
    p.at += len > 0;
    p.left -= len > 0;
    scanned.lines = (size_t)unpack_number(&p, INT64_MAX);
    scanned.mail = unpack_number(&p, 1) == 1;
    for (size_t i = 0; i < scan->n && !p.bad; i++)
        unpack_seen(&p, &scan->watch[i], &scanned.seen[i]);
    *ret_scanned = scanned;
    return !p.bad && p.left == 0;
}
