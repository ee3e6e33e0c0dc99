/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person sees: safe printing, progress on a terminal; and the waits during which it ticks, with the
 * signals that end them. See base.h for the contracts.
 *
 * Limits: one line of progress at a time.
 */
#include "base.h"

#include "clean.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int base_verbosity;
bool base_progress;

/* ---- progress ---- */

bool terminal_can_draw(int fd)
{
    const char *name = getenv("TERM");
    return isatty(fd) && name != NULL && strcmp(name, "dumb") != 0;
}

static struct {
    const char *text; /* NULL: nothing takes long */
    int64_t since, shown;
} progress; /* shown: seconds; 0: no line stands there */

static void progress_erase(void)
{
    if (progress.shown > 0)
        fputs("\r\033[K", stderr);
    progress.shown = 0;
}

void progress_begin(const char *text)
{
    progress_end();
    progress.text = base_progress ? text : NULL;
    progress.since = now_ms();
}

void progress_tick(void)
{
    if (progress.text == NULL)
        return;
    int64_t seconds = (now_ms() - progress.since) / 1000;
    if (seconds <= progress.shown)
        return;
    fprintf(stderr, "\r\033[K%s ... %lld s", progress.text, (long long)seconds);
    fflush(stderr);
    progress.shown = seconds;
}

void progress_end(void)
{
    progress_erase();
    fflush(stderr);
    progress.text = NULL;
}

/* ---- printing ---- */

void out_bytes(FILE *stream, const char *bytes, size_t len)
{
    if (!isatty(fileno(stream))) {
        fwrite(bytes, 1, len, stream);
        return;
    }
    progress_erase();
    for (size_t i = 0, n; i < len; i += n) {
        bool harmless;
        size_t character = clean_character(bytes + i, len - i, &harmless);
        n = character > 0 ? character : 1;
        /* A high byte alone may be a letter of a terminal that has no UTF-8; 80 to 9F are controls there,
         * too. */
        if (harmless || bytes[i] == '\n' || bytes[i] == '\t' ||
            (character == 0 && (unsigned char)bytes[i] >= 0xa0))
            fwrite(bytes + i, 1, n, stream);
        else
            for (size_t k = 0; k < n; k++)
                fprintf(stream, "\\x%02x", (unsigned char)bytes[i + k]);
    }
}

static void out_vprintf(FILE *stream, const char *fmt, va_list ap)
{
    char text[4096];
    text_vprint(text, sizeof(text), text_localized(fmt), ap);
    out_bytes(stream, text, strlen(text));
}

void out_printf(FILE *stream, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    out_vprintf(stream, fmt, ap);
    va_end(ap);
}

/* What the program says of itself comes after the results that it belongs to. */
static void message(const char *before, const char *fmt, va_list ap)
{
    fflush(stdout);
    out_printf(stderr, "%s", before);
    out_vprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void say(const char *fmt, ...)
{
    if (base_verbosity < 0)
        return;
    va_list ap;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
}

void say_more(const char *fmt, ...)
{
    if (base_verbosity < 1)
        return;
    va_list ap;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
}

void warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    message("mailfix: ", fmt, ap);
    va_end(ap);
}

/* ---- signals and time ---- */

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

void signals_hold(void)
{
    sigset_t set;
    ending_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that went away must not end us in the middle either */
}

static bool ignoring;

void signals_ignore(void)
{
    ignoring = true;
}

bool interrupted(void)
{
    sigset_t pending;
    if (ignoring)
        return false;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
           sigismember(&pending, SIGHUP) == 1;
}

int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool nap(int milliseconds)
{
    int64_t until = now_ms() + milliseconds;
    while (!interrupted()) {
        int64_t left = until - now_ms();
        if (left <= 0)
            return false;
        struct timespec slice = {.tv_nsec = (left < 100 ? left : 100) * 1000000};
        nanosleep(&slice, NULL);
        progress_tick();
    }
    return true;
}
