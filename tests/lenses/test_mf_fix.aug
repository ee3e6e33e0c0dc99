(* What mf_fix.aug makes of a fix file. *)
module Test_Mf_Fix =
  let lns = Mf_Fix.lns

  (* An empty file *)
  test [ label "file" . lns ] get "" = { "file" }

  (* Stanzas of one line, with a remark and an empty line *)
  test lns get "# A remark\nfix       a-fix\ntitle     A title: of  words\ntitle.ja  題
effect    stops-mail\nsee       x\n\n" =
    { "#comment" = "# A remark" }
    { "fix" = "a-fix" }
    { "title" = "A title: of  words" }
    { "title.ja" = "題" }
    { "effect" = "stops-mail" }
    { "see" = "x" }
    { "#blank" }

  (* Several names *)
  test lns get "independent a b-c\n" = { "independent" = "a b-c" }

  (* Literal lines are kept to the byte, white space at both ends and '#' too *)
  test lns get "about\n  |  a \n  |\n  |# b\n\t|c|\t\nadvice.ja\n  |d\n" =
    { "about" { "text" = "  a " } { "text" = "" } { "text" = "# b" } { "text" = "c|\t" } }
    { "advice.ja" { "text" = "d" } }

  (* A parameter, with a flag and an indented remark *)
  test lns get "param     p\n  type  word\n  several\n  # why\n  from      log p\n  ask.ja    q\n" =
    { "param" = "p"
      { "type" = "word" } { "several" } { "#comment" = "# why" } { "from" = "log p" } { "ask.ja" = "q" } }

  (* Rows *)
  test lns get "rows      cache file type\n  |a b c\n  # r\n  |d e\n" =
    { "rows" = "cache file type" { "text" = "a b c" } { "#comment" = "# r" } { "text" = "d e" } }

  (* Evidence *)
  test lns get "symptom   log\n  program   postfix/*\n  level     error\n  matching  ^a = b$
  printed-by postfix >= 3\nstill     some x\n  when      y\nconsequence log\n  same      pid
  within    60s\n" =
    { "symptom" = "log"
      { "program" = "postfix/*" } { "level" = "error" } { "matching" = "^a = b$" }
      { "printed-by" = "postfix >= 3" } }
    { "still" = "some x" { "when" = "y" } }
    { "consequence" = "log" { "same" = "pid" } { "within" = "60s" } }

  (* Requirements and risks *)
  test lns get "require   none x\n  else      no\n  else.ja   ダメ\nrisk\n  when      y\n  says      z\n" =
    { "require" = "none x" { "else" = "no" } { "else.ja" = "ダメ" } }
    { "risk" { "when" = "y" } { "says" = "z" } }

  (* Edits: verbs with a value, without one, with literal lines, and an empty value *)
  test lns get "edit      main.cf\n  each      setting a\n  replace   b\n  with      c
edit      main.cf\n  each      setting d\n  delete\nedit      main.cf\n  value\n  rename    e
edit      main.cf\n  after     setting f\n  ensure\n    |g = h\n    |i = j\n" =
    { "edit" = "main.cf" { "each" = "setting a" } { "replace" = "b" } { "with" = "c" } }
    { "edit" = "main.cf" { "each" = "setting d" } { "delete" } }
    { "edit" = "main.cf" { "value" } { "rename" = "e" } }
    { "edit" = "main.cf" { "after" = "setting f" } { "ensure" { "text" = "g = h" } { "text" = "i = j" } } }

  (* Actions and proof *)
  test lns get "after     restart postfix\n  when      x\nverify    session smtp 25\n  greets    ^220
  starttls\n  offers    AUTH\n  else      y\n" =
    { "after" = "restart postfix" { "when" = "x" } }
    { "verify" = "session smtp 25"
      { "greets" = "^220" } { "starttls" } { "offers" = "AUTH" } { "else" = "y" } }

  (* Refused: unknown words, a key of another stanza, a key at the margin, a stanza inside another *)
  test lns get "fixes     a\n" = *
  test lns get "param     p\n  kind      word\n" = *
  test lns get "still     x\n  else      y\n" = *
  test lns get "when      x\n" = *
  test lns get "edit      main.cf\n  verify    x\n" = *

  (* Refused: no value, a value where none goes, a flag with a value, an effect of another name *)
  test lns get "fix\n" = *
  test lns get "about     x\n  |y\n" = *
  test lns get "param     p\n  several   yes\n" = *
  test lns get "effect    bad\n" = *

  (* Refused: a block without literal lines, a name with capitals, an empty line inside a stanza, CR, no
     newline *)
  test lns get "about\n" = *
  test lns get "fix       A\n" = *
  test lns get "param     p\n\n  type      word\n" = *
  test lns get "fix       a\r\n" = *
  test lns get "fix       a" = *
