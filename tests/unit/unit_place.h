/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of places share: a PLACE from its words.
 */
#pragma once

#include "place.h"
#include "unit.h"
#include "words.h"

static inline struct place place_of(const char *text)
{
    struct place place;
    struct err err;
    struct fix *fix = arena_alloc(sizeof(*fix));
    *fix = (struct fix){.file = "x.fix", .text = text, .len = strlen(text)};
    assert_ok(words_place(fix, NULL, text, 0, &place, &err), err);
    return place;
}
