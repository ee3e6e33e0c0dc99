/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit FILE...: what each text costs a lens at the size limit of those that it reads whole. Linked with
 * lens.c, whose checks run on the text of the file written over and over up to the limit, each in a process
 * of its own. Prints the dearest; exit 1 and the file's name when one takes more than 3 s of processor time,
 * or more than 100 MB.
 */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_SECONDS 3.0
#define MOST_KB 102400
#define TRIES 3 /* what shares the processor makes its time longer */

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

/* What of a text counts for the limit of its lens beside its bytes. */
static size_t dear(const unsigned char *bytes, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += bytes[i] == '\n' || (FUZZ_LENS == LENS_MASTER &&
                                  (bytes[i] == '{' || (bytes[i] > ' ' && (i == 0 || bytes[i - 1] <= ' '))));
    return n;
}

static size_t read_over_and_over(const char *path, unsigned char *bytes)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(bytes, 1, TREE_LIMIT, file) : 0, times;
    if (file != NULL)
        fclose(file);
    size_t each = dear(bytes, len);
    times = len > 0 ? TREE_LIMIT / len : 0;
    times = each > 0 && TREE_PARTS / each < times ? TREE_PARTS / each : times;
    for (size_t i = len; i < len * times; i++)
        bytes[i] = bytes[i - len];
    return len * times;
}

static double seconds_of(const struct rusage *used)
{
    return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
           (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

/* In a process of its own; false: it does not come to an end as it should. */
static bool measure(const unsigned char *bytes, size_t len, struct rusage *ret_used)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        LLVMFuzzerTestOneInput(bytes, len);
        _exit(0);
    }
    return child > 0 && wait4(child, &status, 0, ret_used) == child && status == 0;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[TREE_LIMIT];
    double dearest = 0;
    long largest = 0;
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct rusage used = {0};
        size_t len = read_over_and_over(argv[i], bytes);
        bool ok = measure(bytes, len, &used);
        for (int again = 0; again < TRIES - 1 && ok && seconds_of(&used) > MOST_SECONDS; again++)
            ok = measure(bytes, len, &used);
        dearest = seconds_of(&used) > dearest ? seconds_of(&used) : dearest;
        largest = used.ru_maxrss > largest ? used.ru_maxrss : largest;
        if (!ok || seconds_of(&used) > MOST_SECONDS || used.ru_maxrss > MOST_KB) {
            printf("FAILED  %s: %.1f s, %ld kB%s\n", argv[i], seconds_of(&used), used.ru_maxrss,
                   ok ? "" : ", it breaks off");
            failed = 1;
        }
    }
    printf("%d texts at the size limit: at most %.1f s and %ld MB\n", argc - 1, dearest, largest / 1024);
    return failed;
}
