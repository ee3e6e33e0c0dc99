# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of Dovecot's configuration for tests/lenses/dovecot, from a fixed seed: every spelling of a value that
config_parse_line() knows, and trees of files that include each other, where later settings win."""
import random

SEED = 20240611
VERSION_24 = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
# Strings of which Dovecot checks nothing, so that any word will do.
FREE = ("login_greeting", "imap_id_send", "imap_logout_format", "recipient_delimiter", "auth_default_realm")
FREE_24 = ("login_greeting", "imap_logout_format", "pop3_logout_format", "recipient_delimiter", "auth_default_domain")
INCLUDES = ("!include conf.d/*.conf", "!include_try local.conf", "!include_try missing*.conf", "!include d*/x.conf",
            "!include {local,conf.d/20-b}.conf", "!include_try {conf.d/[0-9]*,nothing}.conf # c", "!include conf.d/?.conf",
            "!include \\\n local.conf", "service auth {\n !include in-service.ext\n}")
FILES = ("conf.d/10-a.conf", "conf.d/20-b.conf", "conf.d/9-c.conf", "conf.d/Z.conf", "conf.d/.hidden.conf", "local.conf",
         "d-e/x.conf", "d/x.conf", "conf.d/sub.ext")


class Maker:
    def __init__(self, new):
        self.random = random.Random(SEED + new)
        self.new = new  # 2.4

    def pick(self, *these):
        return self.random.choice(these)

    def some(self, least, most, make):
        return [make() for _ in range(self.random.randint(least, most))]

    # ---- values ----

    def word(self):
        """It begins with nothing that has a meaning at the beginning of a value."""
        first = self.pick(*"abcxyz019_-./:@&*()[]{}=!,;+?^|~>")
        return first + "".join(self.some(0, 5, lambda: self.pick(*"abcxyz019_-./:@&*()[]{}=!,;+?^|~<>")))

    def quoted(self, quote):
        pieces = [self.word(), " # ", "#", "\\\\", '\\"', "'" if quote == '"' else '"', " ", "="]
        return quote + "".join(self.some(0, 5, lambda: self.pick(*pieces))) + quote

    def words(self):
        pieces = (self.word, self.word, lambda: self.quoted('"'), lambda: self.quoted("'"), lambda: "it's", lambda: 'x"y', lambda: "\\")
        text = self.pick(" ", "\t", "").join(self.some(1, 4, lambda: self.pick(*pieces)())).strip()
        return text + "z" if text.endswith("\\") else text

    def value(self):
        """What stands behind '=' on one line, without a comment."""
        return self.pick(lambda: "", lambda: self.quoted('"'), lambda: self.quoted("'"), self.words, self.words, self.words)()

    def continued(self):
        """A value on one line or several."""
        if self.random.randrange(3):
            return self.value()
        end = self.pick("\\\n", " \\\n", "\\ \n", " \\ # c\n", " \\\n  \\\n", " \\\n \\ # d\n")
        return self.value() + end + self.pick("", " ", "\t") + self.words()

    def setting(self, name):
        sign = self.pick(" = ", "=", " =", "= ", "\t=\t", " \\\n= ")
        tail = self.pick("", "", " # comment", "# near", "  ", "\t#", " # it's", "\r")
        return self.pick("", " ", "\t") + name + sign + self.continued() + tail + "\n"

    def between(self):
        return self.pick("", "", "", "\n", "# c\n", "  #x = y\n", "\\\n", " \\ # c\n", "lost \\\n\n", "lost = 1 \\\n# c\n", " \t\n")

    def odd(self):
        """A section with free names, and in it values of every spelling."""
        section = self.pick("import_environment", '"import_environment"') if self.new else "plugin"
        text = self.between() + self.pick(f"{section} {{", f"{section}\t{{ # {{", f"{section} \\\n{{ ") + "\n"
        for i in range(12):
            names = [f"n{i}", f"k{self.random.randrange(5)}", f"a.b{i}"] + [f'"q {i}"', f'"b\\\\{i}"', f'"c\\"{i}"'] * self.new
            text += self.between() + self.setting(self.pick(*names))
        return text + self.pick("}", " }", "} # }", "}#") + "\n" + self.between()

    # ---- sections and files ----

    def plain(self):
        return f"{self.pick(*(FREE_24 if self.new else FREE))} = {self.word()}\n"

    def service(self):
        size = self.random.randint(1, 200)
        return self.pick(f"service {self.pick('imap-login', 'pop3-login', 'auth')} {{\n vsz_limit = {size} M\n}}\n",
                         f"service imap-login {{\n inet_listener {self.pick('imap', 'imaps', 'other')} {{\n port = {size}\n }}\n"
                         f" process_min_avail = {size}\n}}\n")

    def filter(self):
        protocol = self.pick("imap", '"imap"', "pop3", "\\\nimap")
        word = self.pick("protocol", '"protocol"') if self.new else "protocol"
        name = self.pick("a.example", "*.b.example", '"a.example"')
        address = self.pick("192.0.2.0/24", "198.51.100.7")
        return self.pick(f"{word} {protocol} {{\n {self.plain()}}}\n", f"local_name {name} {{\n {self.plain()}}}\n",
                         f"local {address} {{\n protocol imap {{\n {self.plain()} }}\n}}\n")

    def mailbox(self):
        box = self.pick('"Sent Items"', "Trash", '"Trash"')
        return f"namespace inbox {{\n inbox = yes\n mailbox {box} {{\n auto = {self.pick('no', 'create')}\n }}\n}}\n"

    def free(self):
        section = self.pick("import_environment", '"import_environment"') if self.new else "plugin"
        return f"{section} {{\n {self.pick('a', 'b')} = {self.word()}\n}}\n"

    def lone(self):
        """Sections that merge with none."""
        if self.new:
            return self.free()
        return f"{self.pick('passdb', 'userdb')} {{\n driver = {self.pick('static', 'passwd')}\n args = {self.word()}\n}}\n"

    def fragment(self):
        kinds = (self.plain, self.plain, self.plain, self.service, self.filter, self.mailbox, self.free, self.lone)
        return "".join(self.some(1, 4, lambda: self.pick(*kinds)()))

    def tree(self):
        """dovecot.conf and what it includes: {path: text}."""
        files = {name: self.fragment() for name in FILES}
        files["in-service.ext"] = f"vsz_limit = {self.random.randint(1, 99)} M\n"
        files["conf.d/10-a.conf"] += self.pick("", "!include sub.ext\n", "!include_try *.ext\n")
        main = [line + "\n" for line in INCLUDES if self.random.randrange(2)] + self.some(3, 3, self.fragment)
        self.random.shuffle(main)
        files["dovecot.conf"] = "".join(main)
        return files
