/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Allocations that must not fail: what ends the run, and what does not. tests/crash/memory.py has the rest.
 */
#include "memory.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdlib.h>

/* More than any address space has, and not negative for valgrind. */
static volatile size_t too_much = (size_t)1 << 47;

static jmp_buf back;

static void exhausted(void)
{
    longjmp(back, 1);
}

static bool ends(void *(*allocate)(void))
{
    if (setjmp(back) != 0)
        return true;
    free(allocate());
    return false;
}

static void *by_malloc(void)
{
    return malloc(too_much);
}

static void *by_calloc(void)
{
    return calloc(too_much, 1);
}

static void *by_realloc(void)
{
    return realloc(NULL, too_much);
}

static void *that_succeeds(void)
{
    return realloc(malloc(1), 2);
}

static void *that_frees(void)
{
    return realloc(malloc(1), 0);
}

static void only_while_it_must(void **state)
{
    void *(*const too_large[])(void) = {by_malloc, by_calloc, by_realloc};
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip(); /* its allocator ends the test by itself */
#endif
    if (unit_valgrind())
        skip(); /* valgrind puts its allocator in the place of the program's own */
    memory_open(exhausted);
    for (size_t i = 0; i < COUNT(too_large); i++) {
        assert_false(ends(too_large[i]));
        assert_false(memory_must(true));
        assert_true(ends(too_large[i]));
        assert_true(memory_must(false));
    }
}

static void what_succeeds_ends_nothing(void **state)
{
    (void)state;
    memory_open(exhausted);
    memory_must(true);
    assert_false(ends(that_succeeds));
    assert_false(ends(that_frees));
    memory_must(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_while_it_must),
                                       cmocka_unit_test(what_succeeds_ends_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
