(* What mf_main.aug makes of main.cf. Postfix takes every form but those under "Refused". *)
module Test_Mf_Main =
  let lns = Mf_Main.lns

  (* An empty file *)
  test [ label "file" . lns ] get "" = { "file" }

  (* A parameter, and one without a value *)
  test lns get "myhostname = mail.example.com\nrelayhost =\nmydestination=\n" =
    { "setting" = "myhostname" { "value" = "mail.example.com" } }
    { "setting" = "relayhost" }
    { "setting" = "mydestination" }

  (* No blanks, many blanks and tabs, blanks behind the value and behind the '=' *)
  test lns get "a=b\nc \t=\t d e \t\nf =  \n" =
    { "setting" = "a" { "value" = "b" } }
    { "setting" = "c" { "value" = "d e" } }
    { "setting" = "f" }

  (* A name twice: Postfix takes the last one, the tree has both *)
  test lns get "a = b\na = c\n" =
    { "setting" = "a" { "value" = "b" } }
    { "setting" = "a" { "value" = "c" } }

  (* Names that no parameter has but that Postfix reads *)
  test lns get ". = a\nfoo/bar = b\nx-y_destination_rate_delay = 1s\n[a] = c\na#b = d\n" =
    { "setting" = "." { "value" = "a" } }
    { "setting" = "foo/bar" { "value" = "b" } }
    { "setting" = "x-y_destination_rate_delay" { "value" = "1s" } }
    { "setting" = "[a]" { "value" = "c" } }
    { "setting" = "a#b" { "value" = "d" } }

  (* Values with '=', with braces, and one that begins with '#', which is no comment there *)
  test lns get "a = b = c\nd == e\nf = ${g?{h}:{i}}\nj = # k\nl = inline:{ { m = n }, o=p }\n" =
    { "setting" = "a" { "value" = "b = c" } }
    { "setting" = "d" { "value" = "= e" } }
    { "setting" = "f" { "value" = "${g?{h}:{i}}" } }
    { "setting" = "j" { "value" = "# k" } }
    { "setting" = "l" { "value" = "inline:{ { m = n }, o=p }" } }

  (* A folded value has a node for each line *)
  test lns get "a = b,\n  c = d\n\te\nf = g\n" =
    { "setting" = "a" { "value" = "b," } { "value" = "c = d" } { "value" = "e" } }
    { "setting" = "f" { "value" = "g" } }

  (* Nothing stands behind the '=' on the first line *)
  test lns get "a =\n  b\n  c\n" =
    { "setting" = "a" { "value" = "b" } { "value" = "c" } }

  (* Comments and blank lines inside a folded value; even a commented-out parameter is only a comment there *)
  test lns get "a =\n# b\n  c\n\n  # d = e\n \t\n#\n  f\n" =
    { "setting" = "a"
      { "#comment" = "# b" } { "value" = "c" } { "#comment" = "# d = e" } { "#comment" = "#" }
      { "value" = "f" } }

  (* Comments and blank lines that no continuation line follows stand for themselves *)
  test lns get "a = b\n# c\n\n  # d\ne = f\n" =
    { "setting" = "a" { "value" = "b" } }
    { "#comment" = "# c" }
    { "#blank" }
    { "#comment" = "# d" }
    { "setting" = "e" { "value" = "f" } }

  (* The '=' on a continuation line *)
  test lns get "a\n  = b\nc\n\n = \n d\n" =
    { "setting" = "a" { "value" = "b" } }
    { "setting" = "c" { "value" = "d" } }

  (* The same with a comment before the '=' *)
  test lns get "a\n# b\n  = c\n" =
    { "setting" = "a" { "#before" = "# b" } { "value" = "c" } }

  (* A value that begins with '#' needs to stand on the line of the '=' *)
  test lns get "a\n = #b\n #c\n d\n" =
    { "setting" = "a" { "value" = "#b" } { "#comment" = "#c" } { "value" = "d" } }

  (* Commented-out parameters, with and without blanks, also with white space before the '#' *)
  test lns get "#a_1B = b c\n# d=e\n \t#\tf =\n#g = #h \n" =
    { "commented" = "a_1B" { "value" = "b c" } }
    { "commented" = "d" { "value" = "e" } }
    { "commented" = "f" }
    { "commented" = "g" { "value" = "#h" } }

  (* Comments that are no parameter: prose, two '#', no '=', a name that no parameter has *)
  test lns get "# The name = of\n##a = b\n# a\n#\n#\t \n# = b\n#a-b = c\n  #  d  \n" =
    { "#comment" = "# The name = of" }
    { "#comment" = "##a = b" }
    { "#comment" = "# a" }
    { "#comment" = "#" }
    { "#comment" = "#" }
    { "#comment" = "# = b" }
    { "#comment" = "#a-b = c" }
    { "#comment" = "#  d" }

  (* Blank lines, also with white space *)
  test lns get "\n \t\na = b\n\n" =
    { "#blank" } { "#blank" } { "setting" = "a" { "value" = "b" } } { "#blank" }

  (* A file from DOS: CR is white space *)
  test lns get "# a\r\n#b = c\r\n\r\nd = e\r\n  f\r\ng =\r\n" =
    { "#comment" = "# a" }
    { "commented" = "b" { "value" = "c" } }
    { "#blank" }
    { "setting" = "d" { "value" = "e" } { "value" = "f" } }
    { "setting" = "g" }

  (* Vertical tab and form feed are white space too; inside a value they stay *)
  test lns get "\f\na\v=\fb\vc\f\n\vd\n" =
    { "#blank" }
    { "setting" = "a" { "value" = "b\vc" } { "value" = "d" } }

  (* Bytes above 0x7f, UTF-8 here; tests/lenses/run has Latin-1 *)
  test lns get "# café\nsmtpd_banner = café naïf\n" =
    { "#comment" = "# café" }
    { "setting" = "smtpd_banner" { "value" = "café naïf" } }

  (* Refused, as by Postfix: no name, no '=', a name of two words, a word on the line behind the name *)
  test lns get "= a\n" = *
  test lns get "a\n" = *
  test lns get "a = b\nc d\n" = *
  test lns get "a b = c\n" = *
  test lns get "a\n  b = c\n" = *

  (* Refused: a last line without its newline, which the program adds *)
  test lns get "a = b" = *
