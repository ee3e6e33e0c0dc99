/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Calls of the system that fail, come short, or find that somebody else was faster, inside a unit test: the
 * linker puts the wrappers of faults.c before those of the libc (--wrap, meson.build). A fake, because no
 * disk and no other program does so at a chosen call; tests/crash does the same to whole runs.
 *
 * A sweep tries every call of a scenario, the first, the second, ... until there is no such call any more,
 * when MAILFIX_TEST_LONG is in the environment, as tests/coverage/run has it; else each third. Of a sample it
 * tries each third, or each sixteenth.
 */
#pragma once

#include "unit.h"

#define FAULT_SHORT (-1)   /* half of the bytes, of what reads or writes */
#define FAULT_NOTHING (-2) /* no bytes at all, without an error: the end of the file, or a full pipe */

struct fault {
    const char *call;     /* openat, ...; NULL: every one but malloc and getpwuid */
    int error;            /* errno, FAULT_SHORT or FAULT_NOTHING; 0: the call goes its way */
    bool lasting;         /* so do all after it */
    void (*before)(void); /* what somebody else does just before the call; NULL: nothing */
    size_t nth;           /* which call, from 1; a sweep counts it up */
    bool sample;          /* of less worth: fewer points */
    bool each;            /* of few points: all of them, always */
};

/* From now on; n at most 2. */
void faults_arm(const struct fault *fault, size_t n);
/* Whether the first of them came. */
bool faults_disarm(void);
/* How often somebody slept (nanosleep, which returns at once). */
extern size_t faults_naps;

/* What is tried. begin makes ready what work works on, check looks at what came of it and closes it. */
struct scenario {
    const char *name;
    void *(*begin)(void);
    bool (*work)(void *site, struct err *err);
    void (*check)(void *site, bool ok, const struct err *err);
};
size_t faults_sweep_in(const char *top, const struct scenario *scenario, const struct fault *fault,
                       const struct fault *mode);
/* Runs it for every call that the fault can come at; mode: another fault that is there all the time, NULL:
 * none. Each point begins in an empty directory, and must close every descriptor that it opens. Returns how
 * many points there were. */
static inline size_t faults_sweep(const struct scenario *scenario, const struct fault *fault,
                                  const struct fault *mode)
{
    return faults_sweep_in(unit_top, scenario, fault, mode);
}

/* Says at which point a sweep stood when its test failed. */
int faults_report(void **state);
#define faults_test(f) cmocka_unit_test_setup_teardown(f, unit_empty, faults_report)
