/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mailfix: argv to a verb, and the one table of exit codes.
 *
 * The last line on the terminal says what state the machine is in; it comes from the verb, which knows the
 * transaction's state.
 */
#include "config.h"
#include "color.h"
#include "help.h"
#include "language.h"
#include "memory.h"
#include "nearest.h"
#include "tree.h"
#include "report.h"
#include "verbs.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    enum outcome outcome;
    int code;
} EXIT_CODES[] = {{DONE, 0},         {FAILED, 1},         {USAGE, 2}, {PUT_BACK, 3},
                  {NEEDS_PERSON, 4}, {NOT_APPLICABLE, 5}, {FOUND, 6}, {BUSY, 75}};

static const struct {
    const char *name;
    enum outcome (*run)(struct options *o, struct err *err);
    const char *list; /* its own member of the report, an array */
} VERBS[] = {{"diagnose", verb_diagnose, NULL},
             {"list", verb_list, "fixes"},
             {"explain", verb_explain, NULL},
             {"apply", verb_apply, "actions"},
             {"rollback", verb_rollback, "actions"},
             {"history", verb_history, "transactions"},
             {"diff", verb_diff, NULL},
             {"status", verb_status, "files"},
             {"recover", verb_recover, NULL},
             {"lint", verb_lint, "files"},
             {"tree", verb_tree, "nodes"},
             {"complete", verb_complete, NULL}};

/* In the user's language, looked up while there is memory. */
static struct {
    const char *why, *library, *unchanged, *touched;
} exhausted_lines = {N_("out of memory"), N_("a lens could not be read to its end"),
                     N_("Nothing was changed."),
                     N_("This needs you: a change was cut off; mailfix recover finishes it.")};

static void prepare_exhausted_lines(void)
{
    exhausted_lines.why = _(exhausted_lines.why);
    exhausted_lines.library = _(exhausted_lines.library);
    exhausted_lines.unchanged = _(exhausted_lines.unchanged);
    exhausted_lines.touched = _(exhausted_lines.touched);
}

static void cut_off(const char *why)
{
    const char *parts[] = {"mailfix: ", why, "\n",
                           base_touched ? exhausted_lines.touched : exhausted_lines.unchanged, "\n"};
    for (size_t i = 0; i < COUNT(parts); i++) {
        ssize_t ignored = write(STDERR_FILENO, parts[i], strlen(parts[i]));
        (void)ignored;
    }
    _exit(base_touched ? 4 : 1);
}

static void out_of_memory(void)
{
    cut_off(exhausted_lines.why);
}

/* The scanner in libaugeas, which flex made, ends the program when it cannot read on in a lens; what it says
 * stands above. */
static void ended_by_library(int status, void *arg)
{
    (void)status;
    (void)arg;
    if (memory_must(false))
        cut_off(exhausted_lines.library);
}

static int exit_code(enum outcome outcome)
{
    for (size_t i = 0; i < COUNT(EXIT_CODES); i++)
        if (EXIT_CODES[i].outcome == outcome)
            return EXIT_CODES[i].code;
    return 1;
}

struct arguments {
    struct options o;
    const char *root;
    const char *color;
    bool help, version;
};

static bool parse_arguments(int argc, char **argv, struct arguments *a, struct err *err)
{
    enum {
        OPT_ROOT = 256,
        OPT_FACTS,
        OPT_AS,
        OPT_LOG,
        OPT_SINCE,
        OPT_NO_LOG,
        OPT_LIVE,
        OPT_MERGE,
        OPT_FORCE,
        OPT_BOOT,
        OPT_STORE,
        OPT_PRUNE,
        OPT_HELP,
        OPT_VERSION,
        OPT_JSON,
        OPT_COLOR
    };
    static const struct option options[] = {{"root", required_argument, NULL, OPT_ROOT},
                                            {"facts", required_argument, NULL, OPT_FACTS},
                                            {"as", required_argument, NULL, OPT_AS},
                                            {"log", required_argument, NULL, OPT_LOG},
                                            {"since", required_argument, NULL, OPT_SINCE},
                                            {"no-log", no_argument, NULL, OPT_NO_LOG},
                                            {"live", no_argument, NULL, OPT_LIVE},
                                            {"merge", no_argument, NULL, OPT_MERGE},
                                            {"force", no_argument, NULL, OPT_FORCE},
                                            {"boot", no_argument, NULL, OPT_BOOT},
                                            {"store", no_argument, NULL, OPT_STORE},
                                            {"prune", required_argument, NULL, OPT_PRUNE},
                                            {"message", required_argument, NULL, 'm'},
                                            {"dry-run", no_argument, NULL, 'n'},
                                            {"yes", no_argument, NULL, 'y'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, OPT_HELP},
                                            {"version", no_argument, NULL, OPT_VERSION},
                                            {"json", no_argument, NULL, OPT_JSON},
                                            {"color", required_argument, NULL, OPT_COLOR},
                                            {NULL, 0, NULL, 0}};
    int option;
    a->o.table = options;
    opterr = 0;
    unsetenv("POSIXLY_CORRECT"); /* options may stand behind the words, whoever calls */
    while ((option = getopt_long(argc, argv, "m:nyvqh", options, NULL)) != -1) {
        switch (option) {
        case OPT_ROOT:
            a->root = optarg;
            break;
        case OPT_FACTS:
            a->o.facts_file = optarg;
            break;
        case OPT_AS:
            a->o.as = optarg;
            break;
        case OPT_LOG:
            strings_add(&a->o.logs, optarg);
            break;
        case OPT_SINCE:
            a->o.since = optarg;
            break;
        case OPT_NO_LOG:
            a->o.no_log = true;
            break;
        case OPT_LIVE:
            a->o.live = true;
            break;
        case OPT_MERGE:
            a->o.merge = true;
            break;
        case OPT_FORCE:
            a->o.force = true;
            break;
        case OPT_BOOT:
            a->o.boot = true;
            break;
        case OPT_STORE:
            a->o.store = true;
            break;
        case OPT_PRUNE:
            a->o.prune = optarg;
            break;
        case 'm':
            a->o.reason = optarg;
            break;
        case 'n':
            a->o.dry_run = true;
            break;
        case 'y':
            a->o.yes = true;
            break;
        case 'v':
            base_verbosity = 1;
            break;
        case 'q':
            base_verbosity = -1;
            break;
        case 'h':
        case OPT_HELP:
            a->help = true;
            break;
        case OPT_COLOR:
            a->color = optarg;
            break;
        case OPT_JSON:
            a->o.json = true;
            break;
        case OPT_VERSION:
            a->version = true;
            break;
        default:
            return err_outcome(err, USAGE,
                               "unknown option, or an option without its value: %s; see mailfix --help",
                               argv[optind - 1]);
        }
    }
    for (const char *at = a->o.reason; at != NULL && *at != '\0'; at++)
        if (iscntrl((unsigned char)*at))
            return err_outcome(err, USAGE, "the reason of -m is one line without control characters");
    if (!color_choose(a->color))
        return err_outcome(err, USAGE, "--color is auto, always or never, not '%s'", a->color);
    base_progress = !a->o.json && base_verbosity >= 0 && terminal_can_draw(STDERR_FILENO);
    for (; optind < argc; optind++)
        strings_add(&a->o.words, argv[optind]);
    return true;
}

static enum outcome no_verb(const char *verb, struct err *err)
{
    struct strings verbs = help_verbs();
    err_outcome(err, USAGE, "there is no verb '%s'%s; see mailfix --help", verb, nearest_hint(verb, &verbs));
    return USAGE;
}

/* mailfix --help, mailfix VERB --help, mailfix help [VERB] */
static enum outcome help(const struct strings *words, struct err *err)
{
    const char *verb = words->n > 0 ? words->item[0] : NULL;
    if (verb != NULL && strcmp(verb, "help") == 0)
        verb = words->n > 1 ? words->item[1] : NULL;
    if (verb == NULL) {
        help_all(stdout);
        return DONE;
    }
    return help_verb(stdout, verb) ? DONE : no_verb(verb, err);
}

/* Its place in the table; COUNT(VERBS): it is none. */
static size_t verb_named(const char *name)
{
    size_t i = 0;
    while (i < COUNT(VERBS) && strcmp(VERBS[i].name, name) != 0)
        i++;
    return i;
}

/* Also when the options are wrong, the one who asked for an object gets one. */
static bool json_asked(const struct arguments *a, int argc, char **argv)
{
    bool asked = a->o.json;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        asked |= strcmp(argv[i], "--json") == 0;
    return asked;
}

static bool begin_report(const struct arguments *a)
{
    size_t i = a->o.words.n > 0 ? verb_named(a->o.words.item[0]) : COUNT(VERBS);
    bool known = i < COUNT(VERBS);
    return report_open(known ? VERBS[i].name : NULL, known ? VERBS[i].list : NULL);
}

/* Each state as one word for programs, and its line where it has no details. */
static const struct {
    const char *word, *line;
} STATES[] = {[STATE_UNSAID] = {"nothing_changed", N_("Nothing was changed.")},
              [STATE_UNCHANGED] = {"nothing_changed", N_("Nothing was changed.")},
              [STATE_PUT_BACK] = {"put_back", N_("Everything was put back.")},
              [STATE_CHANGED] = {"changed", NULL},
              [STATE_NEEDS_PERSON] = {"needs_person", NULL}};

static const char *closing_line(const struct options *o)
{
    const char *line = STATES[o->state].line;
    return line != NULL ? _(line) : o->closing;
}

static enum outcome run_verb(struct arguments *a, struct err *err)
{
    const char *verb = a->o.words.n > 0 ? a->o.words.item[0] : NULL;
    if (verb == NULL) {
        err_outcome(err, USAGE, "which verb? See mailfix --help");
        return USAGE;
    }
    a->o.words.item++;
    a->o.words.n--;
    size_t i = verb_named(verb);
    if (i < COUNT(VERBS)) {
        if (!root_open(a->root, &a->o.root, err)) {
            a->o.state = STATE_UNCHANGED;
            return err->outcome;
        }
        return VERBS[i].run(&a->o, err);
    }
    return no_verb(verb, err);
}

int main(int argc, char **argv)
{
    static const struct fix_dirs fix_dirs = {FIX_DIR, SITE_FIX_DIR};
    struct arguments a = {.root = "/", .color = "auto", .o.fix_dir = &fix_dirs};
    struct err err = {.outcome = FAILED};
    enum outcome outcome;
    umask(022); /* what is made has its mode said; but a strange mask must not take our own rights away */
    tree_set_lens_dir(LENS_DIR);
    if (!arena_open(out_of_memory, &err)) {
        fprintf(stderr, "mailfix: %s\n%s\n", err.text, STATES[STATE_UNCHANGED].line);
        return 1;
    }
    memory_open(out_of_memory);
    if (on_exit(ended_by_library, NULL) != 0)
        return 1;
    language_open(LOCALE_DIR);
    prepare_exhausted_lines();
    bool ok = parse_arguments(argc, argv, &a, &err);
    if (ok && a.version) {
        printf("mailfix %s\n", VERSION);
        return 0;
    }
    if (json_asked(&a, argc, argv) && !begin_report(&a)) {
        warn("standard output is not there to be written to");
        say("%s", _(STATES[STATE_UNCHANGED].line));
        return 1;
    }
    if (!ok)
        outcome = err.outcome;
    else if (a.help || (a.o.words.n > 0 && strcmp(a.o.words.item[0], "help") == 0))
        outcome = help(&a.o.words, &err);
    else
        outcome = run_verb(&a, &err);
    bool failed = outcome != DONE && outcome != FOUND;
    if (failed)
        warn("%s", err.text);
    if (failed && a.o.state == STATE_UNSAID)
        a.o.state = STATE_UNCHANGED;
    /* -q leaves out what went well, never what state the machine is in when something did not. */
    if (failed && base_verbosity < 0)
        base_verbosity = 0;
    if (a.o.state != STATE_UNSAID)
        say("%s", closing_line(&a.o));
    if (report_wanted() &&
        !report_end(exit_code(outcome), closing_line(&a.o), STATES[a.o.state].word, failed ? err.text : NULL))
        warn("the report could not be written");
    return exit_code(outcome);
}
