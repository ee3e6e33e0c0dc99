/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patterns; the only file that includes pcre2.h. See pattern.h for the contract.
 *
 * Protocol: compiled code lives in the arena. All matches share one match block, which PCRE2 grows by malloc:
 * when that fails, the match fails, not the run. Unicode modes are locked out, so that no log line can be
 * "invalid".
 *
 * Limits: 31 groups a pattern; a match may take 200,000 steps and 8 MiB, some milliseconds at worst. The
 * just-in-time compiler is not used: it counts steps otherwise and would need memory that can be executed.
 */
#include "pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#define MATCH_STEPS 200000
#define MATCH_DEPTH 100000
#define MATCH_KIB 8192
#define GROUPS PATTERN_GROUPS

struct pattern {
    const char *text;
    pcre2_code *code;
    struct strings names;
    uint32_t *group; /* the number of each name */
};

static struct {
    pcre2_compile_context *compile;
    pcre2_match_context *match;
    pcre2_match_data *data;
} pcre;

static void *take(size_t size, void *unused)
{
    (void)unused;
    return arena_alloc(size);
}

static void give_back(void *memory, void *unused)
{
    (void)memory;
    (void)unused;
}

static bool pcre_open(struct err *err)
{
    if (pcre.data != NULL)
        return true;
    pcre.compile = pcre2_compile_context_create(pcre2_general_context_create(take, give_back, NULL));
    pcre.match = pcre2_match_context_create(NULL);
    pcre.data = pcre2_match_data_create(GROUPS + 1, NULL);
    if (pcre.compile == NULL || pcre.match == NULL || pcre.data == NULL)
        return err_set(err, "no memory for patterns");
    /* How PCRE2 was built must not decide what a fix file means. */
    pcre2_set_newline(pcre.compile, PCRE2_NEWLINE_LF);
    pcre2_set_match_limit(pcre.match, MATCH_STEPS);
    pcre2_set_depth_limit(pcre.match, MATCH_DEPTH);
    pcre2_set_heap_limit(pcre.match, MATCH_KIB);
    return true;
}

/* PCRE2's table of names: entries of one size, each a number in two bytes, high byte first, then the name. */
static void read_names(struct pattern *pattern)
{
    uint32_t n = 0, size = 0;
    PCRE2_SPTR entry = NULL;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &n);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &entry);
    pattern->group = arena_alloc(n * sizeof(uint32_t));
    for (uint32_t i = 0; i < n; i++, entry += size) {
        pattern->group[i] = (uint32_t)entry[0] << 8 | entry[1];
        strings_add(&pattern->names, arena_string((const char *)entry + 2));
    }
}

static struct pattern *refuse(size_t offset, const char *message, size_t *ret_offset, struct err *err)
{
    err_set(err, "position %zu: %s", offset + 1, message);
    if (ret_offset != NULL)
        *ret_offset = offset;
    return NULL;
}

struct pattern *pattern_compile(const char *re, size_t *ret_offset, struct err *err)
{
    if (!pcre_open(err))
        return NULL;
    int code = 0;
    size_t offset = 0;
    struct pattern *pattern = arena_alloc(sizeof(*pattern));
    pattern->text = arena_string(re);
    pattern->code =
        pcre2_compile((PCRE2_SPTR)re, strlen(re),
                      PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY,
                      &code, &offset, pcre.compile);
    if (pattern->code == NULL) {
        char message[256] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
        return refuse(offset, message, ret_offset, err);
    }
    uint32_t groups = 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (groups > GROUPS)
        return refuse(strlen(re), "more than 31 groups", ret_offset, err);
    read_names(pattern);
    return pattern;
}

const char *pattern_text(const struct pattern *pattern)
{
    return pattern->text;
}

const struct strings *pattern_names(const struct pattern *pattern)
{
    return &pattern->names;
}

bool pattern_match(const struct pattern *pattern, const char *text, size_t len, struct span *ret_whole)
{
    /* All that is not a match is less than 1: no match, and each limit. */
    if (pcre2_match(pattern->code, (PCRE2_SPTR)text, len, 0, 0, pcre.data, pcre.match) < 1)
        return false;
    const size_t *ends = pcre2_get_ovector_pointer(pcre.data);
    /* Before PCRE2 10.38, \K in a look-ahead can put the start behind the end. */
    if (ends[0] > ends[1])
        return false;
    if (ret_whole != NULL)
        *ret_whole = (struct span){ends[0], ends[1]};
    return true;
}

static void group_spans(const struct pattern *pattern, struct span *ret_group)
{
    const size_t *ends = pcre2_get_ovector_pointer(pcre.data);
    for (size_t i = 0; i < pattern->names.n; i++) {
        size_t start = ends[2 * pattern->group[i]], end = ends[2 * pattern->group[i] + 1];
        bool took_part = start != PCRE2_UNSET && start <= end;
        ret_group[i] = took_part ? (struct span){start, end} : (struct span){1, 0};
    }
}

bool pattern_groups(const struct pattern *pattern, const char *text, size_t len,
                    struct span ret_group[PATTERN_GROUPS])
{
    if (!pattern_match(pattern, text, len, NULL))
        return false;
    group_spans(pattern, ret_group);
    return true;
}

bool pattern_capture(const struct pattern *pattern, const char *text, size_t len, struct span *ret_whole,
                     struct strings *ret_values)
{
    struct span group[PATTERN_GROUPS];
    if (!pattern_match(pattern, text, len, ret_whole))
        return false;
    group_spans(pattern, group);
    struct strings values = {0};
    for (size_t i = 0; i < pattern->names.n; i++)
        strings_add(&values, group[i].start <= group[i].end
                                 ? arena_copy(text + group[i].start, group[i].end - group[i].start)
                                 : "");
    *ret_values = values;
    return true;
}

const char *pattern_quote(const char *literal)
{
    struct buf b = {0};
    for (const char *p = literal; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
                     c >= 0x80;
        if (!plain)
            buf_puts(&b, "\\");
        buf_add(&b, p, 1);
    }
    return buf_text(&b);
}
