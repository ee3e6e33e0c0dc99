(* What mf_aliases.aug makes of aliases(5). Not all of it is what postalias takes: see the cases. BEL and backspace stand
   where postfix_mask_table.c puts them: see the lens. *)
module Test_Mf_Aliases =
  let lns = Mf_Aliases.lns

  (* An empty file *)
  test [ label "file" . lns ] get "" = { "file" }

  (* A name and its targets, with and without blanks *)
  test lns get "postmaster: root\nroot:linux\nsupport :  a, b\n" =
      { "alias" = "postmaster"
        { "value" = "root" }
      }
      { "alias" = "root"
        { "value" = "linux" }
      }
      { "alias" = "support"
        { "value" = "a, b" }
      }

  (* Quoted names and targets *)
  test lns get "\"joe q\": \"john doe\"@example.com\n\"a:b\": c\n" =
      { "alias" = "\"joe q\""
        { "value" = "\"john doe\"@example.com" }
      }
      { "alias" = "\"a:b\""
        { "value" = "c" }
      }

  (* Pipes, files, includes, a trailing comment that is none *)
  test lns get "a: \"|/usr/bin/prog \\\"x y\\\" z\", /var/mail/f\nb: :include:/etc/list\nc: d # e\n" =
      { "alias" = "a"
        { "value" = "\"|/usr/bin/prog \\\"x y\\\" z\", /var/mail/f" }
      }
      { "alias" = "b"
        { "value" = ":include:/etc/list" }
      }
      { "alias" = "c"
        { "value" = "d # e" }
      }

  (* An empty right side: postalias warns and drops the line *)
  test lns get "a:\nb: \nc: d\n" =
      { "alias" = "a" }
      { "alias" = "b" }
      { "alias" = "c"
        { "value" = "d" }
      }

  (* Continuation lines, one that begins with a comma, with comments between *)
  test lns get "a: b,\n  c\n# d\n\n  , e\n" =
      { "alias" = "a"
        { "value" = "b," }
        { "value" = "c" }
        { "#comment" = "# d" }
        { "value" = ", e" }
      }

  (* Targets that begin on the next line *)
  test lns get "a:\n  b,\n  c\n" =
      { "alias" = "a"
        { "value" = "b," }
        { "value" = "c" }
      }

  (* Commented-out aliases, and prose *)
  test lns get "#root: marc\n# Person who should get root's mail\n# webmaster:  root\n#\n" =
      { "commented" = "root"
        { "value" = "marc" }
      }
      { "#comment" = "# Person who should get root's mail" }
      { "commented" = "webmaster"
        { "value" = "root" }
      }
      { "#comment" = "#" }

  (* CRLF *)
  test lns get "a: b\r\n#c: d\r\n\r\n" =
      { "alias" = "a"
        { "value" = "b" }
      }
      { "commented" = "c"
        { "value" = "d" }
      }
      { "#blank" }

  (* Names of several words, with notes, literals and escapes; the ':' on a line of its own *)
  test lns get "a  b: c\n\"x\" y (n: m) [d:e] f\\:g : h\ni\n# j\n\n  : k\nl\n  :m\n" =
      { "alias" = "a  b" { "value" = "c" } }
      { "alias" = "\"x\" y (n: m) [d:e] f\\:g" { "value" = "h" } }
      { "alias" = "i" { "#before" = "# j" } { "value" = "k" } }
      { "alias" = "l" { "value" = "m" } }

  (* A name that goes over lines, with a comment in it, or has notes in its notes; the ':' may be on a later line *)
  test lns get "\a\a\a\a\a\a\a\a\a : b\n\a\a\a\n# c: d\n\n  : e\n\a\a\a:\n f\n" =
      { "alias" = "\a\a\a\a\a\a\a\a\a" { "value" = "b" } }
      { "alias" = "\a\a\a" { "#before" = "# c: d" } { "value" = "e" } }
      { "alias" = "\a\a\a" { "value" = "f" } }

  (* What postalias drops: no ':', no name, a domain, two names, a quote that stays open *)
  test lns get "\b\b\b\n# c\n d\n\b\b\b\n\b\b\b\b\b\b \t\n :i\n  : j\n\b\n" =
      { "unread" = "\b\b\b" { "#comment" = "# c" } { "value" = "d" } }
      { "unread" = "\b\b\b" }
      { "unread" = "\b\b\b\b\b\b" { "value" = ":i" } { "value" = ": j" } }
      { "unread" = "\b" }

  (* Without its marks none of it is a name *)
  test lns get "a@b: c\n" = *
  test lns get "a, b: c\n" = *
  test lns get ": c\n" = *
  test lns get "a\n b: c\n" = *
  test lns get "(((a))) b: c\n" = *
  test lns get "\ba: c\n" = *
