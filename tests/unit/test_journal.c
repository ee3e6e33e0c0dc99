/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events: their fields, and that the catalogue explains exactly these. That the journal has them is for
 * tests/hosts.
 */
#include "journal.h"
#include "unit.h"

static const char *const ids[] = {EVENT_ID_APPLIED, EVENT_ID_PUT_BACK, EVENT_ID_ROLLED_BACK,
                                  EVENT_ID_NEEDS_PERSON};

static struct record record_of(void)
{
    struct record record = {.id = "0007-a+b", .number = 7, .fixes = strings_split("a b", " ")};
    struct target target[2] = {{.path = "/etc/postfix/main.cf"}, {.path = "/etc/postfix/master.cf"}};
    for (size_t i = 0; i < COUNT(target); i++)
        record.target = arena_append(record.target, &record.n_target, sizeof(*target), &target[i]);
    return record;
}

static void test_fields(void **state)
{
    (void)state;
    struct record record = record_of();
    struct strings fields = journal_fields(EVENT_APPLIED, &record, "anna", "ticket 12", NULL);
    assert_string_equal(strings_join(&fields, "\n"),
                        "MESSAGE_ID=92b5619459b34c889e2b5873c717d007\n"
                        "MESSAGE=a b was applied by anna (transaction 0007-a+b) [ticket 12]\n"
                        "PRIORITY=5\nSYSLOG_IDENTIFIER=mailfix\nMAILFIX_TXN=0007-a+b\nMAILFIX_FIXES=a b\n"
                        "MAILFIX_WHO=anna\nMAILFIX_REASON=ticket 12\n"
                        "MAILFIX_FILES=/etc/postfix/main.cf\nMAILFIX_FILES=/etc/postfix/master.cf");
    fields = journal_fields(EVENT_NEEDS_PERSON, &record, "anna", NULL, "dovecot did not come back");
    assert_true(strings_have(&fields,
                             "MESSAGE=a b, run by anna, needs a person (transaction 0007-a+b): dovecot did "
                             "not come back"));
    assert_true(strings_have(&fields, "PRIORITY=3"));
    for (size_t i = 0; i < fields.n; i++)
        assert_false(starts_with(fields.item[i], "MAILFIX_REASON"));
    for (int event = EVENT_APPLIED; event <= EVENT_NEEDS_PERSON; event++) {
        fields = journal_fields((enum event)event, &record, "anna", NULL, NULL);
        assert_string_equal(fields.item[0], arena_printf("MESSAGE_ID=%s", ids[event]));
    }
}

static void test_catalog(void **state)
{
    (void)state;
    FILE *f = fopen(SOURCE_LENSES "/../src/mailfix.catalog", "r");
    char line[400];
    size_t n = 0;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        if (!starts_with(line, "-- "))
            continue;
        line[strcspn(line, "\n")] = '\0';
        assert_true(n < COUNT(ids));
        assert_string_equal(line + 3, ids[n++]);
    }
    fclose(f);
    assert_int_equal(n, COUNT(ids));
}

int main(void)
{
    const struct CMUnitTest tests[] = {fresh_test(test_fields), fresh_test(test_catalog)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
