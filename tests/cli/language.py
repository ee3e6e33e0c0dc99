# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of tests/cli/run about the user's language. C.UTF-8 with LANGUAGE needs no generated locale."""
from support import check, check_equal, execute, write

JAPANESE = {"LANG": "C.UTF-8", "LANGUAGE": "ja"}
APPLY = ("apply", "sdbm-cache", "type=btree", "path=keep")


def run(host, code, *words, env=JAPANESE):
    result = execute(host.argv(*words), env=env)
    check_equal(result.code, code, "exit of %s" % " ".join(words))
    return result.out.decode(), result.err.decode()


def columns(text):
    """Of a terminal; the headings and words here have none but wide characters outside of ASCII."""
    return sum(1 if c.isascii() else 2 for c in text)


def check_history(host):
    lines = run(host, 0, "history")[0].splitlines()
    for before, heading, word in (("番号", "日時", "20"), ("日時", "状態", "適用済み"), ("状態", "実行者", "root"),
                                  ("実行者", "修正とパラメーター", "sdbm-cache")):
        check(before in lines[0] and heading in lines[0] and word in lines[1], "history: %r" % lines)
        check_equal(columns(lines[0][:lines[0].index(heading)]), columns(lines[1][:lines[1].index(word)]), "column %s" % heading)
    check('"state": "kept"' in run(host, 0, "--json", "history")[0], "a program reads another word")


def test_japanese(host):
    out, _ = run(host, 0, "list")
    line = [l for l in out.splitlines() if l.startswith("sdbm-cache")][0]
    check("  必要        " in line and "使えない" in line, "list: %r" % line)
    _, err = run(host, 0, *APPLY, "-n")
    check(err.endswith("何も変更していません。\n"), "apply -n: %r" % err)
    _, err = run(host, 0, *APPLY, "-y")
    check("として残しています。元に戻すには: mailfix" in err, "apply -y: %r" % err)
    check_history(host)
    check("変更なし  " in run(host, 0, "status")[0], "status")
    _, err = run(host, 2, "list", "x")
    check("list に引数はありません" in err, "usage: %r" % err)


def test_texts_of_fixes_follow_messages(host):
    """Also where the locale that is asked for is not installed, and messages stay English."""
    title, wanted = "キャッシュのテーブル形式が、この Postfix では使えない", {}
    for env in (JAPANESE, {"LC_ALL": "C.UTF-8", "LANGUAGE": "ja"}, {"LANG": "ja_JP.UTF-8"}, {"LC_ALL": "ja_JP.UTF-8"},
                {"LC_MESSAGES": "ja_JP.utf8"}, {"LANG": "ja_XX.UTF-8"}, {"LANG": "ja_JP.eucJP"}, {"LANG": "ja_JP"},
                {"LANG": "C.UTF-8", "LANGUAGE": "de"}, {"LANG": "C.UTF-8"}, {"LANG": ""}):
        name = str(env)
        wanted[name] = "引数" in run(host, 2, "list", "x", env=env)[1]
        for code, words in ((6, ("diagnose",)), (0, ("list",)), (0, ("explain", "sdbm-cache"))):
            check_equal(title in run(host, code, *words, env=env)[0], wanted[name], "the title in Japanese: %s, %s" % (words[0], name))
    check(wanted[str(JAPANESE)] and not wanted[str({"LANG": "ja_XX.UTF-8"})] and not wanted[str({"LANG": "C.UTF-8"})], wanted)


def test_japanese_caret(host):
    bad = host.path("bad.fix")
    write(bad, "fix bad\ntitle t\neffect noise\n\nsymptom some main.cf setting x matching 設定(\n".encode())
    _, err = run(host, 1, "lint", bad)
    check("パターンに誤りがあります" in err, err)
    lines = err.splitlines()
    at = [i for i, line in enumerate(lines) if line.strip() == "^"][0]
    check(lines[at].index("^") >= lines[at - 1].index("設定"), "the caret: %r" % lines)


def test_japanese_refusals(host):
    """The sentences of both readers of stanzas."""
    head = "fix bad\ntitle t\neffect noise\n\n"
    bad = host.path("bad.fix")
    for text, sentence in (("edit main.cf\n  each setting a\n  comment\n  keep comment\n", "keep"),
                           ("edit main.cf\n  each setting a\n  each setting b\n  comment\n", "1 回"),
                           ("param p\n  type word\n  type word\n", "1 回")):
        write(bad, (head + text).encode())
        _, err = run(host, 1, "lint", bad)
        line = err.splitlines()[0]
        check(sentence in line and not line.isascii(), line)


def test_english_elsewhere(host):
    for env in ({"LANG": "C", "LANGUAGE": "ja"}, {"LANG": "ja_JP.eucJP"}):
        out, err = run(host, 0, *APPLY, "-n", env=env)
        check(err.endswith("Nothing was changed.\n") and out.isascii(), "%r: %r" % (env, err))
        check("needed" in run(host, 0, "list", env=env)[0], "list of %r" % env)
