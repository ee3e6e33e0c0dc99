/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking tables; see lookup.h. The first table that has the key answers, as Postfix does it. Aliases are
 * asked for in small letters, as local(8) asks.
 *
 * Limits: exactly this key is asked for; the parent domains and address extensions that a daemon tries as
 * well are the fix's to name. A table behind proxy: is asked directly.
 */
#include "lookup.h"

#include "postfix_table.h"
#include "run.h"

#include <string.h>

#define LOOKUP_MS 20000

bool lookup_same(const char *a, const char *b)
{
    struct strings left = strings_split(a, " \t\r\n"), right = strings_split(b, " \t\r\n");
    struct strings *const side[] = {&left, &right};
    const char *text[COUNT(side)];
    for (size_t i = 0; i < COUNT(side); i++) {
        struct strings parts = strings_split(strings_join(side[i], " "), ",");
        for (size_t k = 0; k < parts.n; k++) {
            struct strings words = strings_split(parts.item[k], " ");
            parts.item[k] = strings_join(&words, " ");
        }
        text[i] = strings_join(&parts, ",");
    }
    return strcmp(text[0], text[1]) == 0;
}

/* FAILS: the table does not have the key. */
static enum verdict ask_table(const char *program, const char *table, const char *key,
                              const char **ret_answer, const char **ret_why)
{
    const char *const argv[] = {program, "-q", key, table, NULL};
    struct run_result result;
    struct err err;
    if (!run_program(argv, LOOKUP_MS, &result, &err)) {
        *ret_why = arena_string(err.text);
        return CANNOT_TELL;
    }
    if (result.status == 1 && result.len == 0)
        return FAILS;
    if (result.status != 0) {
        *ret_why = arena_printf("%s: %.*s", table, (int)strcspn(result.output, "\n"), result.output);
        return CANNOT_TELL;
    }
    *ret_answer = result.output;
    return HOLDS;
}

enum verdict lookup_ask(struct context *ctx, const char *parameter, const char *key, const char *text,
                        const char **ret_why)
{
    const struct doc *main_cf;
    struct err err;
    if (!docs_get(ctx->docs, "main.cf", &main_cf, &err)) {
        *ret_why = arena_string(err.text);
        return CANNOT_TELL;
    }
    const char *value = facts_value(context_facts(ctx), main_cf, parameter, &ctx->missing);
    struct strings types = facts_table_types(context_facts(ctx));
    struct table_ref *ref;
    size_t n;
    if (value == NULL)
        return CANNOT_TELL;
    bool alias = postfix_table_use(parameter) == USE_ALIAS;
    postfix_tables(parameter, value, &types, &ref, &n);
    for (size_t i = 0; i < n; i++) {
        const char *answer = "";
        enum verdict verdict = ask_table(alias ? "postalias" : "postmap", ref[i].text,
                                         alias ? text_small_letters(key) : key, &answer, ret_why);
        if (verdict == FAILS)
            continue;
        if (verdict == CANNOT_TELL || text == NULL || lookup_same(answer, text))
            return verdict;
        *ret_why =
            arena_printf(_("%s answers for %s: %.*s"), ref[i].text, key, (int)strcspn(answer, "\n"), answer);
        return FAILS;
    }
    *ret_why = arena_printf(_("no table of %s answers for %s"), parameter, key);
    return FAILS;
}
