/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Colours of standard output; see color.h. The eight colours of ECMA-48, which every terminal has.
 */
#include "color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const CHOICES[] = {"auto", "always", "never"};

static bool colors;

struct strings color_choices(void)
{
    struct strings choices = {0};
    for (size_t i = 0; i < COUNT(CHOICES); i++)
        strings_add(&choices, CHOICES[i]);
    return choices;
}

bool color_choose(const char *when)
{
    const char *unwanted = getenv("NO_COLOR");
    struct strings choices = color_choices();
    if (!strings_have(&choices, when))
        return false;
    bool able = terminal_can_draw(STDOUT_FILENO) && (unwanted == NULL || unwanted[0] == '\0');
    colors = strcmp(when, "always") == 0 || (strcmp(when, "auto") == 0 && able);
    return true;
}

void color_tone(enum tone tone)
{
    static const char *const codes[] = {[TONE_NONE] = "0",  [TONE_GOOD] = "32", [TONE_BAD] = "31",
                                        [TONE_WARN] = "33", [TONE_NAME] = "1",  [TONE_PLACE] = "36"};
    if (colors)
        fprintf(stdout, "\033[%sm", codes[tone]);
}

/* The first two lines name the file; below them a removed line may well begin with "---". */
static enum tone tone_of(const char *line, size_t number)
{
    if (number < 2)
        return TONE_NAME;
    return line[0] == '@' ? TONE_PLACE : line[0] == '+' ? TONE_GOOD : line[0] == '-' ? TONE_BAD : TONE_NONE;
}

void color_diff(const char *text)
{
    if (!colors) {
        out_bytes(stdout, text, strlen(text));
        return;
    }
    for (size_t number = 0; *text != '\0'; number++) {
        size_t len = strcspn(text, "\n");
        enum tone tone = tone_of(text, number);
        if (tone != TONE_NONE)
            color_tone(tone);
        out_bytes(stdout, text, len);
        if (tone != TONE_NONE)
            color_tone(TONE_NONE);
        text += len;
        if (*text == '\n') {
            out_bytes(stdout, "\n", 1);
            text++;
        }
    }
}
