# SPDX-License-Identifier: GPL-3.0-or-later
"""What mailfix says of a text that it cannot read: file, line and column, the line itself, and what was expected there.

The program that reads such files on a host refuses the first kind as well; the second is what the lenses' heads call
their limits.
"""
import lens
import postfix

# Document, text, line, column, what of the text is shown, what is expected.
BROKEN = (
    ("main.cf", b"a = b\n\nno equals\nc = d\n", 3, 3, "no equals", "expected a parameter (name = value)"),
    ("main.cf", b"a = b\n= c\n", 2, 1, "= c", "expected a parameter (name = value)"),
    ("main.cf", b"# c\r\na b = c\r\n", 2, 2, "a b = c", "expected a parameter (name = value)"),
    ("main.cf", b"a\n b\n# c\n = d\n", 1, 2, "a", "expected a parameter (name = value)"),
    ("main.cf", b"a = b\n" * 250 + b"  c\nd\n", 252, 2, "d", "expected a parameter (name = value)"),
    ("main.cf", b"a = b\nc = d\0e\n", 2, 6, None, "a NUL byte"),
    ("master.cf", b"# c\nsmtp inet n - y - -\n", 2, 1, "smtp inet n - y - -", "expected a service (service type"),
    ("master.cf", b"smtp inet n - y - - smtpd\nx\n", 2, 1, "x", "expected a service (service type"),
    ("master.cf", b"smtp inet n - y - - smtpd\n  -o { a = {b} }c\n", 2, 1, "  -o { a = {b} }c", "expected a service (service type"),
    ("master.cf", b"smtp inet n - y - - smtpd\n  -o { a = b\n", 2, 1, "  -o { a = b", "expected a service (service type"),
    ("master.cf", b"smtp inet n - y - - smtpd\n  -o { a = {\n b { \n c }}\n", 2, 1, "  -o { a = {", "braces behind -o close"),
    ("master.cf", b"\0", 1, 1, None, "a NUL byte"),
    ("transport", b"a b\nc \0\n", 2, 3, None, "a NUL byte"),
    ("aliases", b"a: b\nc:\n" + b"#d\n" * 501 + b" e\n", 3, 1, "#d", "expected at most 500 comments in a row inside a value"),
    ("aliases", b"a: \0b\n", 1, 4, None, "a NUL byte"),
)


def fault(prefix, work, broken):
    """What is wrong with the refusal of a text, None if nothing is."""
    document, text, line, column, shown, expected = broken
    path = postfix.site(work, broken=text) + "/broken"
    try:
        lens.read(prefix, path, document)
    except lens.Refused as refused:
        said = str(refused)
        if refused.where != (line, column) or path + ":" not in said:
            return "not refused at line %d, column %d: %s" % (line, column, said)
        if expected not in said or (shown is not None and "\n    " + shown + "\n" not in said):
            return "does not show the line and say what it expected: " + said
        return None
    return "is read"
