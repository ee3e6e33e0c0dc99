# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that nobody would write and every reader must read, made from a seed: Odd(rng) puts logical lines of a format
together with every way of folding them, and noise(rng, alphabet) is no format at all.

What all of Postfix's files share is here: logical lines, comments, blank lines, white space of five kinds, CRLF, no
newline at the end, bytes above 127. What a logical line says comes from the format's own module.
"""

# Between two words of one logical line.
FOLDS = (" ", "  ", "\t", " \v", "\n ", "\n\t", " \r\n  ", "\n\n \n  ", "\n# c = d\n ", "\n  # c\n\n#d: e\n\t", "\n#\n \f",
         "\r\n#-o a=b\r\n ")
BETWEEN = ("", "", "", "\n", " \n", "# prose\n", "#a = b\n", "#a: b, c\n", "# smtp inet n - n - - smtpd\n#  -o a=b\n", "##\n",
           "#\t\r\n", "  # margin\n", "\v\n", "# caf\xe9 \xa0\n", "#\"\n")
TAILS = ("", "", " ", "\r", "\t \f")
BEFORE = ("", "", "", "", " white\n", "\tw = x\n  y\n", " white\n# c\n\n more\n")


class Odd:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, *among):
        return self.rng.choice(among)

    def some(self, among, least, most):
        return [self.rng.choice(among) for _ in range(self.rng.randint(least, most))]

    def fold(self):
        return self.rng.choice(FOLDS) if self.rng.random() < 0.3 else " "

    def blank(self):
        return self.pick("", "", "", " ", "\t", "  ")

    def words(self, among, least, most):
        """Words with folds between them, as one text."""
        made = ""
        for word in self.some(among, least, most):
            made += (self.fold() if made else "") + word
        return made

    def text(self, logical, tails=TAILS):
        """A text of logical lines from the function logical; seldom so many that mailfix reads it in pieces."""
        made = self.rng.choice(BEFORE)
        for _ in range(60 if self.rng.random() < 0.02 else self.rng.randint(0, 12)):
            made += self.rng.choice(BETWEEN) + logical(self) + self.rng.choice(tails) + "\n"
        made += self.rng.choice(BETWEEN)
        if self.rng.random() < 0.1:
            made = made.replace("\r\n", "\n").replace("\n", "\r\n")
        if self.rng.random() < 0.1:
            made = made.rstrip("\n")
        return made.encode("latin-1")


def noise(rng, alphabet):
    """Any order of what matters to a parser."""
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 60))).encode("latin-1")
