# SPDX-License-Identifier: GPL-3.0-or-later
"""--json: every verb prints one object that mailfix.schema.json allows, and nothing else, whether it succeeds or not."""
import json
import os

from support import Skip, check, check_equal, execute, on_terminal, read, site, write

APPLY = ("apply", "sdbm-cache", "type=btree", "path=keep")


def validator(host):
    try:
        import jsonschema
    except ImportError as absent:
        raise Skip("python3-jsonschema is not here") from absent
    with open(os.path.join(host.prefix, "share/mailfix/mailfix.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def report(host, code, *words, **how):
    result = host.expect(code, "--json", *words, **how)
    return judge(host, code, result.out, words)


def judge(host, code, out, words):
    try:
        found = json.loads(out.decode("utf-8"))
    except ValueError as error:
        check(False, "%s: not one JSON object: %s: %r" % (words, error, out[:300]))
    for fault in validator(host).iter_errors(found):
        check(False, "%s: %s: %s" % (words, list(fault.absolute_path), fault.message))
    check_equal(found["exit"], code, "the member exit of %s" % (words,))
    return found


def test_json_schema_can_fail(host):
    good = report(host, 0, "history")
    check(not validator(host).is_valid(dict(good, exit=7)), "the schema allows exit 7")
    check(not validator(host).is_valid(dict(good, exit=1)), "the schema allows a failure without error")
    check(not validator(host).is_valid(dict(good, more=1)), "the schema allows what it does not describe")


def test_json_every_verb(host):
    found = report(host, 6, "diagnose")
    check_equal([f["fix"] for f in found["findings"]], ["sdbm-cache"], "findings")
    check("main.cf:3" in found["findings"][0]["evidence"][0], found["findings"][0])
    check(found["findings"][0]["repair"].endswith("apply sdbm-cache"), found["findings"][0])
    listed = {f["name"]: f["standing"] for f in report(host, 0, "list")["fixes"]}
    check_equal(listed["sdbm-cache"], "needed", "list")
    fix = report(host, 0, "explain", "sdbm-cache")["fix"]
    check_equal((fix["fault"], fix["parameters"][0]["name"], fix["parameters"][0]["here"]), ("here", "type", ["btree"]), "explain")
    check_equal(report(host, 0, "history")["transactions"], [], "history before")
    dry = report(host, 0, *APPLY, "-n")
    check_equal((dry["state_word"], [c["document"] for c in dry["changes"]]), ("nothing_changed", ["main.cf"]), "dry run")
    check_equal([a["action"] + " " + a["daemon"] for a in dry["actions"]], ["restart postfix"], "actions")
    before = read(host.main)
    done = report(host, 0, *APPLY, "-y")
    check_equal((done["state_word"], done["transaction"], done["changes"]), ("changed", "0001-sdbm-cache", dry["changes"]), "apply")
    check(done["state"].startswith("Changed and recorded") and done["left_to_do"], done)
    change = done["changes"][0]
    check_equal(change["masked"], False, "masked, without a secret")
    text = before
    for hunk in reversed(change["hunks"]):
        old, new = hunk["old"].encode(), hunk["new"].encode()
        check_equal(text[hunk["at"]:hunk["at"] + len(old)], old, "the old bytes")
        text = text[:hunk["at"]] + new + text[hunk["at"] + len(old):]
    check_equal(text, read(host.main), "the hunks make the text after")
    check_equal(report(host, 0, "diff")["changes"], done["changes"], "diff")
    check_equal([t["state"] for t in report(host, 0, "history")["transactions"]], ["kept"], "history")
    check_equal([f["state"] for f in report(host, 0, "status")["files"]], ["clean"], "status")
    write(host.main, read(host.main) + b"relayhost = x\n")
    check_equal([f["state"] for f in report(host, 6, "status")["files"]], ["edited since"], "status")
    edited = report(host, 4, "rollback", "-y")
    check_equal(edited["state_word"], "nothing_changed", "rollback of an edited file")
    check("+relayhost = x" in edited["edited"]["since"], edited["edited"])
    back = report(host, 0, "rollback", "-y", "--merge")
    check_equal((back["state_word"], back["left_to_do"]), ("changed", ["on the running host: restart postfix"]), "rollback")
    check_equal(report(host, 0, "recover")["finished"], 0, "recover")
    nodes = report(host, 0, "tree", "main.cf")["nodes"]
    check_equal((nodes[0]["start"], max(n["end"] for n in nodes)), (0, os.path.getsize(host.main)), "tree")
    good = os.path.join(host.fixes, "sdbm-cache.fix")
    bad = write(os.path.join(host.work, "bad.fix"), "nonsense\n")
    files = report(host, 1, "lint", good, bad)["files"]
    check_equal([f["ok"] for f in files], [True, False], "lint")
    check("bad.fix:1:1" in files[1]["error"], files[1])


SECRETS = """fix       zz-test-site
title     Ours
effect    risk
symptom   some main.cf setting smtp_sasl_password_maps matching ^static:
edit      main.cf
  each      setting smtp_sasl_password_maps
  replace   ^static:
  with      inline:
"""


def test_json_masks(host):
    """What a terminal does not show is in no report; a fix changes a line with a secret, the other one stands beside it."""
    write(host.main, "smtp_sasl_password_maps = static:user:hunter2\n# a\n" + "smtp_tls_secret = hunter3\n" + "# a\n" * 9)

    def masked(code, *words, last):
        found = report(host, code, *words)
        check("hunter" not in json.dumps(found), "%s shows a secret: %r" % (words, found))
        shown = found.get("edited") or found["changes"][0]
        check("+smtp_sasl_password_maps = ***" in shown[last] and " smtp_tls_secret = ***" in shown[last], found)
        return shown
    with site(host, SECRETS):
        for code, words in ((0, ("apply", "zz-test-site", "-n")), (0, ("apply", "zz-test-site", "-y")), (0, ("diff",)),
                            (0, ("rollback", "-n"))):
            change = masked(code, *words, last="diff")
            check_equal((change["masked"], [(h["old"], h["new"]) for h in change["hunks"]]), (True, [("***", "***")]), words[0])
        check("hunter2" in host.expect(0, "diff").outtext, "a pipe does not get the exact bytes")
        check_equal(on_terminal(host.argv("diff"), b"").outtext.count("***"), 4, "diff on a terminal")
    write(host.main, read(host.main).replace(b"hunter2", b"hunter4"))
    masked(4, "rollback", "-y", last="since")


def test_json_failures(host):
    rows = [(2, ()), (2, ("frobnicate",)), (2, ("--frobnicate", "list")), (2, ("apply",)), (2, ("apply", "no-such-fix", "-n")),
            (2, ("explain",)), (2, ("explain", "x")), (2, ("diagnose", "x")), (2, ("list", "x")), (2, ("history", "x")),
            (2, ("status", "x")), (2, ("recover", "x")), (2, ("diff", "1", "2")), (2, ("rollback", "1", "2")), (2, ("lint",)),
            (2, ("tree",)), (1, ("lint", "/no/such/file")), (1, ("tree", "/no/such/main.cf", "--as", "main.cf")),
            (5, ("apply", "sdbm-cache", "type=lmdb", "-y")), (2, APPLY)]
    for code, words in rows:
        found = report(host, code, *words)
        check(found["error"] and found["state_word"] == "nothing_changed", "%s: %r" % (words, found))
    result = execute(host.argv("--frobnicate", "--json", "list"))
    check_equal(judge(host, 2, result.out, "--json behind a wrong option")["verb"], None, "verb")


def test_json_put_back(host):
    strace = execute(["sh", "-c", "command -v strace"]).outtext.strip()
    if not strace:
        raise Skip("there is no strace here")
    inject = [strace, "-f", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=TERM:when=1"]
    found = report(host, 3, *APPLY, "-y", wrap=inject)
    check_equal((found["state_word"], found["state"]), ("put_back", "Everything was put back."), "state")
    check("interrupted" in found["error"], found["error"])


def test_json_needs_person(host):
    """What a kill left cannot be put back, because the text from before is not what it was."""
    strace = execute(["sh", "-c", "command -v strace"]).outtext.strip()
    if not strace:
        raise Skip("there is no strace here")
    execute([strace, "-f", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=KILL:when=1",
             *host.argv(*APPLY, "-y")])
    for name in os.listdir(os.path.dirname(host.main)):
        if name != "master.cf":
            write(os.path.join(os.path.dirname(host.main), name), "relayhost = x\n")
    found = judge(host, 4, execute(host.argv("--json", "recover")).out, ("recover",))
    check_equal((found["state_word"], found["state"][:14]), ("needs_person", "This needs you"), "recover: %r" % found)


def test_json_asks_nothing(host):
    result = on_terminal(host.argv("--json", *APPLY), b"y\n")
    check_equal(result.code, 2, "exit (%s)" % result.outtext)
    check("--json asks no question" in result.outtext and "[y/n" not in result.outtext, result.outtext)


def test_json_bytes(host):
    raw = b"# caf\xe9 \xee\xbe\x80 \xe3\x81\x82 \x01\n"
    write(host.main, raw + read(host.main))
    nodes = report(host, 0, "tree", "main.cf")["nodes"]
    text = next(n["value"] for n in nodes if "caf" in n.get("value", ""))
    check_equal(text, "# caf\uefe9 \uefee\uefbe\uef80 \u3042 \x01", "a comment with odd bytes")
    report(host, 0, *APPLY, "-n")
