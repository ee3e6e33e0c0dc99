/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking a person; see ask.h. Questions go to standard error, so that a redirected diff stays whole.
 *
 * Limits: an answer of at most 1,000 bytes. An interrupt while a secret is typed takes effect when its line
 * ends, so that the terminal never stays without echo.
 */
#include "ask.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
    struct strings question, answer;
} given;

static const char *key_of(const struct context *ctx, const struct param *param)
{
    return arena_printf("%s %s", ctx->fix->name, param->name);
}

/* A secret's terminal is silent before the question stands there: what is typed at once is neither shown nor
 * lost. */
static const char *read_answer(const char *question, bool echo)
{
    char line[1002];
    struct termios before, silent;
    sigset_t held, usual;
    sigfillset(&held);
    bool hidden = !echo && tcgetattr(STDIN_FILENO, &before) == 0;
    if (hidden) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        sigprocmask(SIG_BLOCK, &held, &usual);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    out_printf(stderr, "%s ", question);
    fflush(stderr);
    bool got = fgets(line, sizeof(line), stdin) != NULL;
    if (hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        sigprocmask(SIG_SETMASK, &usual, NULL);
        fputc('\n', stderr);
    }
    if (!got || strchr(line, '\n') == NULL)
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return line[0] != '\0' ? arena_string(line) : NULL;
}

const char *ask_person(struct context *ctx, const struct param *param, const struct strings *offered,
                       int again)
{
    const char *key = key_of(ctx, param);
    for (size_t i = 0; i < given.question.n && again == 0; i++)
        if (strcmp(given.question.item[i], key) == 0)
            return given.answer.item[i];
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return NULL;
    bool secret = param->type != NULL && strcmp(param->type, "secret") == 0;
    if (offered->n > 0 && again == 0)
        out_printf(stderr, "found here: %s\n", strings_join(offered, ", "));
    const char *answer = read_answer(
        arena_printf("%s: %s", ctx->fix->name, param->ask != NULL ? param->ask : param->name), !secret);
    if (answer == NULL)
        return NULL;
    for (size_t i = 0; i < given.question.n; i++)
        if (strcmp(given.question.item[i], key) == 0) {
            given.answer.item[i] = answer;
            return answer;
        }
    strings_add(&given.question, key);
    strings_add(&given.answer, answer);
    return answer;
}

const char *ask_secret(const char *path, struct err *err)
{
    struct root host;
    const char *text, *whole = path;
    size_t len;
    char cwd[4096];
    if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        whole = arena_printf("%s/%s", cwd, path);
    if (!root_open("/", &host, err) || !file_read_path(&host, whole, ANY_OWNER, &text, &len, err)) {
        err_prefix(err, "the file with the secret");
        err->outcome = USAGE;
        return NULL;
    }
    close(host.fd);
    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len == 0 || memchr(text, '\n', len) != NULL) {
        err_outcome(err, USAGE, "%s: a file with a secret holds one line, and that is the secret", path);
        return NULL;
    }
    return arena_copy(text, len);
}
