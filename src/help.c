/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * --help; see help.h. mailfix(8) says the same at length.
 *
 * Limits: the texts are laid out by hand; a test counts their lines and columns, in each language.
 */
#include "help.h"

#include "language.h"

#include <string.h>

static const struct {
    const char *name, *use, *what, *text;
} PAGES[] = {
    {"diagnose", "diagnose [FIX...]", N_("what is wrong, the evidence, and the fix for it"),
     N_("Reads the configuration and the mail log, asks the running services, and\n"
        "changes nothing. Without FIX the whole catalogue is looked through.\n\n"
        "  --log FILE      read this log, and whole, instead of the host's own\n"
        "  --since TIME    10 minutes ago, today, 2025-09-30T16:43:29+09:00, postfix\n"
        "  --no-log        read no log\n"
        "  --live          also who listens on the ports of mail, and the queue\n\n"
        "exit: 0 no problem found, 6 found one, 1 it cannot be told\n"
        "example: mailfix diagnose\n")},
    {"list", "list", N_("the catalogue, and which fixes are needed here"),
     N_("A line a fix: name, effect, how it stands here, title.\n\n"
        "example: mailfix list\n")},
    {"explain", "explain FIX", N_("what a fix does, and whether it applies here"),
     N_("Parameters with the values that they would have here, symptoms,\n"
        "requirements, risks, actions and proof.\n\n"
        "example: mailfix explain sdbm-cache\n")},
    {"apply", "apply FIX [KEY=VALUE...]...", N_("change all or nothing, prove it, or put it back"),
     N_("Several fixes are one transaction; each works on the text that the one\n"
        "before left. A list is given as KEY=VALUE several times.\n\n"
        "  -n, --dry-run   show the diff and the actions, touch nothing\n"
        "  -y, --yes       do not ask (needed where there is no terminal)\n"
        "  -m TEXT         the reason, for history and the journal\n\n"
        "exit: 0 done and verified, or already so; 1 nothing was changed;\n"
        "      3 put back; 4 a person must look; 5 does not apply here\n"
        "example: mailfix apply sdbm-cache type=lmdb --dry-run\n")},
    {"rollback", "rollback [ID]", N_("take back the last transaction kept, or ID"),
     N_("Files, their owners and attributes, and the services' states come back.\n"
        "A file that was edited since is left alone (exit 4), unless:\n\n"
        "  --merge         take back mailfix's own lines only, keep the edit\n"
        "  --force         take all back; the edited copy is kept and named\n"
        "  -n, --dry-run   show it, touch nothing\n"
        "  -y, --yes       do not ask\n"
        "  -m TEXT         the reason, for history and the journal\n\n"
        "exit: 0 taken back, or nothing to do; 1 nothing was changed;\n"
        "      4 a person must look\n"
        "example: mailfix rollback 7 --dry-run\n")},
    {"history", "history", N_("one line a transaction"),
     N_("Number, time, state, who, fixes, parameters and reason.\n\n"
        "  --prune 20      remove all records but the newest 20, after a question\n"
        "  --prune 90d     remove those that are older than 90 days\n"
        "  -n, --dry-run   show which, touch nothing\n"
        "  -y, --yes       do not ask\n\n"
        "example: mailfix history\n")},
    {"diff", "diff [ID]", N_("what a transaction changed"),
     N_("The unified diff of the last transaction that was kept, or of ID.\n\n"
        "example: mailfix diff 7 | patch -R -p1 -d /\n")},
    {"status", "status", N_("per file: clean, edited since, overwritten since"),
     N_("Looks at each file that a kept transaction changed.\n\n"
        "  --store         look at mailfix's records instead: whether they are\n"
        "                  sound, private, and nothing was left over\n\n"
        "exit: 0 all clean, 6 a file differs, or a record is not sound\n"
        "example: mailfix status\n")},
    {"recover", "recover", N_("finish what a crash left"),
     N_("An unfinished change is put back, an unfinished rollback goes on. Never\n"
        "asks. Every verb that writes does this first.\n\n"
        "  --boot          before the mail services run: starts none of them\n\n"
        "exit: 0 done, or nothing to do; 4 a person must look\n"
        "example: mailfix recover\n")},
    {"lint", "lint FILE...", N_("check fix files"),
     N_("Says what is wrong with file, line and column, and what is allowed there.\n\n"
        "exit: 0 all right, 1 refused\n"
        "example: mailfix lint /etc/mailfix/fixes/our-relay.fix\n")},
    {"tree", "tree DOC|FILE [PATH]", N_("what a lens sees in a file"),
     N_("A line a node: START-END, PATH and VALUE, between tabs.\n\n"
        "  --as DOC        read FILE as: main.cf master.cf transport aliases\n"
        "                  dovecot.conf fix\n\n"
        "exit: 0, or 1 with line and column where the lens refuses\n"
        "example: mailfix tree /tmp/my.cf --as main.cf\n")},
};

struct strings help_verbs(void)
{
    struct strings names = {0};
    for (size_t i = 0; i < COUNT(PAGES); i++)
        strings_add(&names, PAGES[i].name);
    return names;
}

void help_all(FILE *stream)
{
    out_printf(stream, "usage: mailfix [OPTION...] VERB ...\n\n");
    for (size_t i = 0; i < COUNT(PAGES); i++) {
        out_printf(stream, "  ");
        language_column(stream, PAGES[i].use, strlen("apply FIX [KEY=VALUE...]..."));
        out_printf(stream, "%s\n", _(PAGES[i].what));
    }
    out_printf(stream, "\n"
                       "  --root DIR      work on a tree (an image, a backup): nothing in it is executed\n"
                       "  --facts FILE    what programs would have answered there, key = value\n"
                       "  --json          one JSON object on standard output, and no question\n"
                       "  --color WHEN    auto, always or never\n"
                       "  -v, -q          say more, say less\n"
                       "  --version, --help; mailfix VERB --help tells about a verb\n\n"
                       "See mailfix(8), and mailfix-fix(5) for writing a fix.\n");
}

bool help_verb(FILE *stream, const char *verb)
{
    for (size_t i = 0; i < COUNT(PAGES); i++)
        if (strcmp(PAGES[i].name, verb) == 0) {
            out_printf(stream, "usage: mailfix %s\n\n", PAGES[i].use);
            out_printf(stream, "%s", _(PAGES[i].text));
            return true;
        }
    return false;
}
