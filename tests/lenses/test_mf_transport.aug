(* What mf_transport.aug makes of transport and the other map sources. Not all of it is what postmap takes: see the cases. BEL and
   backspace stand where postfix_mask_table.c puts them: see the lens. *)
module Test_Mf_Transport =
  let lns = Mf_Transport.lns

  (* An empty file *)
  test [ label "file" . lns ] get "" = { "file" }

  (* A key and a value, blanks and tabs *)
  test lns get "example.com smtp:[mail.example.com]\n.example.com\t\t:[relay.example.jp]:587 \n* :\n" =
      { "entry" = "example.com"
        { "value" = "smtp:[mail.example.com]" }
      }
      { "entry" = ".example.com"
        { "value" = ":[relay.example.jp]:587" }
      }
      { "entry" = "*"
        { "value" = ":" }
      }

  (* What a result may be *)
  test lns get "a error:5.7.1 no such user\nb :[2001:db8::1]:587\nc smtp:[a],[b]:25\nd x y # z\n" =
      { "entry" = "a"
        { "value" = "error:5.7.1 no such user" }
      }
      { "entry" = "b"
        { "value" = ":[2001:db8::1]:587" }
      }
      { "entry" = "c"
        { "value" = "smtp:[a],[b]:25" }
      }
      { "entry" = "d"
        { "value" = "x y # z" }
      }

  (* A key only: postmap warns and drops the line *)
  test lns get "user@example.com\nb c\n" =
      { "entry" = "user@example.com" }
      { "entry" = "b"
        { "value" = "c" }
      }

  (* A value that begins with '#' is no comment on the line of its key *)
  test lns get "a #b\nc\n #d\n e\n" =
      { "entry" = "a"
        { "value" = "#b" }
      }
      { "entry" = "c"
        { "#comment" = "#d" }
        { "value" = "e" }
      }

  (* Continuation lines, with a comment and a blank line inside *)
  test lns get "a\n  b,\n# c\n\n\td\n" =
      { "entry" = "a"
        { "value" = "b," }
        { "#comment" = "# c" }
        { "value" = "d" }
      }

  (* Keys with '+', quotes and in brackets *)
  test lns get "u+x@example.com a\n\"a b\"@c d\n[192.0.2.1] e\n/^x/ f\n" =
      { "entry" = "u+x@example.com"
        { "value" = "a" }
      }
      { "entry" = "\"a b\"@c"
        { "value" = "d" }
      }
      { "entry" = "[192.0.2.1]"
        { "value" = "e" }
      }
      { "entry" = "/^x/"
        { "value" = "f" }
      }

  (* Quotes and backslashes inside a key *)
  test lns get "a\"b c\"@d e\na\\ b c\n\"x y\"@z f\n" =
      { "entry" = "a\"b c\"@d"
        { "value" = "e" }
      }
      { "entry" = "a\\ b"
        { "value" = "c" }
      }
      { "entry" = "\"x y\"@z"
        { "value" = "f" }
      }

  (* A commented-out entry, and prose *)
  test lns get "#example.com :[relay]\n# example.com :[relay]\n#\n#x\n" =
      { "commented" = "example.com"
        { "value" = ":[relay]" }
      }
      { "#comment" = "# example.com :[relay]" }
      { "#comment" = "#" }
      { "#comment" = "#x" }

  (* CRLF *)
  test lns get "a b\r\n# c\r\n\r\nd\r\n" =
      { "entry" = "a"
        { "value" = "b" }
      }
      { "#comment" = "# c" }
      { "#blank" }
      { "entry" = "d" }

  (* What postmap drops: the quote of a key stays open *)
  test lns get "\b\b\b\b\b\b \t\n d\n# e\n\n f\n\b\b\b\n\b\n" =
      { "unread" = "\b\b\b\b\b\b" { "value" = "d" } { "#comment" = "# e" } { "value" = "f" } }
      { "unread" = "\b\b\b" }
      { "unread" = "\b" }

  (* Tables of patterns *)
  test lns get "if /^a b$/i\n!/c\"d\"/ REJECT e\nendif\n" =
      { "entry" = "if" { "value" = "/^a b$/i" } }
      { "entry" = "!/c\"d\"/" { "value" = "REJECT e" } }
      { "entry" = "endif" }

  (* A key that goes over lines, in quotes or behind a backslash; the value may begin on a later line *)
  test lns get "\a\a\a\a\a\a b\n# c\n d\n\a\a\a\n\a\a\a\n# e\n\n f\ng\\ \n" =
      { "entry" = "\a\a\a\a\a\a" { "value" = "b" } { "#comment" = "# c" } { "value" = "d" } }
      { "entry" = "\a\a\a" }
      { "entry" = "\a\a\a" { "#comment" = "# e" } { "value" = "f" } }
      { "entry" = "g\\ " }

  (* Without its marks none of it is a key *)
  test lns get "\"a\n b\" c\n" = *
  test lns get "a\\\n b\n" = *
  test lns get "a\"b c\n" = *
  test lns get "\ba c\n" = *
