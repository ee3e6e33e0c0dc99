(* What mf_dovecot.aug makes of Dovecot's configuration, 1.x to 2.4. *)
module Test_Mf_Dovecot =
  let lns = Mf_Dovecot.lns

  (* An empty file *)
  test [ label "file" . lns ] get "" = { "file" }

  (* Settings: with and without a value, blanks, a file as value *)
  test lns get "protocols = imap pop3\nlisten=*\nssl_ca =\nssl_cert = </etc/ssl/a.pem\n" =
      { "setting" = "protocols"
        { "value" = "imap pop3" }
      }
      { "setting" = "listen"
        { "value" = "*" }
      }
      { "setting" = "ssl_ca" }
      { "setting" = "ssl_cert"
        { "value" = "</etc/ssl/a.pem" }
      }

  (* Names of 2.x paths and of 2.4 *)
  test lns get "namespace/inbox/separator = /\nmail_driver = maildir\nauth_mechanisms = plain login\n" =
      { "setting" = "namespace/inbox/separator"
        { "value" = "/" }
      }
      { "setting" = "mail_driver"
        { "value" = "maildir" }
      }
      { "setting" = "auth_mechanisms"
        { "value" = "plain login" }
      }

  (* A comment behind a value needs no blank before it; quotes hide it *)
  test lns get "a = b # c\nd = e#f\ng = \"h # i\"\nj = k \"l\" # m\n" =
      { "setting" = "a"
        { "value" = "b" }
        { "#comment" = "# c" }
      }
      { "setting" = "d"
        { "value" = "e" }
        { "#comment" = "#f" }
      }
      { "setting" = "g"
        { "value" = "\"h # i\"" }
      }
      { "setting" = "j"
        { "value" = "k \"l\"" }
        { "#comment" = "# m" }
      }

  (* A value over several lines *)
  test lns get "a = b \\\n  c \\\n  d\ne = \\\n  f\n" =
      { "setting" = "a"
        { "value" = "b" }
        { "value" = "c" }
        { "value" = "d" }
      }
      { "setting" = "e"
        { "value" = "f" }
      }

  (* Quotes of either kind, closed and open; a backslash hides a quote within quotes only *)
  test lns get "a = 'b # c' # d\ne = it's # f\ng = \"h\\\"# i\" j\nk = \\\"l # m\nn=# o\n" =
      { "setting" = "a"
        { "value" = "'b # c'" }
        { "#comment" = "# d" }
      }
      { "setting" = "e"
        { "value" = "it's # f" }
      }
      { "setting" = "g"
        { "value" = "\"h\\\"# i\" j" }
      }
      { "setting" = "k"
        { "value" = "\\\"l # m" }
      }
      { "setting" = "n"
        { "#comment" = "# o" }
      }

  (* A quoted name of 2.4 *)
  test lns get "\"a = b\" = c\n" =
      { "setting" = "\"a = b\""
        { "value" = "c" }
      }

  (* Every part of a line can go on in the next one, and comments follow the backslash of a value *)
  test lns get "a \\\n = b\\\\\n \\\n c \\ # d\n\\ # e\nf\ng \\\n h \\\n {\n!include \\\n i # j\n}\n" =
      { "setting" = "a"
        { "value" = "b\\" }
        { "value" = "c" }
        { "#comment" = "# d" }
        { "#continued" = "# e" }
        { "value" = "f" }
      }
      { "section" = "g"
        { "name" = "h" }
        { "include" = "i"
          { "#comment" = "# j" }
        }
      }

  (* A backslash alone is a blank line *)
  test lns get "\\\n\\ # a\n" =
      { "#blank" }
      { "#comment" = "# a" }

  (* What tree.c marks: the lines of a heredoc, and those that are dropped *)
  test lns get "a = <<B\n\a\a\a\n\b\b\nc {\n\b\n}\n" =
      { "setting" = "a"
        { "value" = "<<B" }
        { "heredoc" = "\a\a\a" }
      }
      { "#void" = "\b\b" }
      { "section" = "c"
        { "#void" = "\b" }
      }

  (* Commented-out settings, and prose *)
  test lns get "#listen = *\n  # login_process_size = 64\n# Prose about = signs\n#\n" =
      { "commented" = "listen"
        { "value" = "*" }
      }
      { "commented" = "login_process_size"
        { "value" = "64" }
      }
      { "#comment" = "# Prose about = signs" }
      { "#comment" = "#" }

  (* Sections, with and without a name, nested as in 1.x *)
  test lns get "auth default {\n  mechanisms = plain\n  passdb pam {\n    #args = x\n  }\n  socket listen {\n    client {\n      path = /p\n    }\n  }\n}\n" =
      { "section" = "auth"
        { "name" = "default" }
        { "setting" = "mechanisms"
          { "value" = "plain" }
        }
        { "section" = "passdb"
          { "name" = "pam" }
          { "commented" = "args"
            { "value" = "x" }
          }
        }
        { "section" = "socket"
          { "name" = "listen" }
          { "section" = "client"
            { "setting" = "path"
              { "value" = "/p" }
            }
          }
        }
      }

  (* Sections of 2.x *)
  test lns get "service imap-login {\n  vsz_limit = 64M\n  inet_listener imaps {\n    port = 993\n  }\n\n  # c\n}\nunix_listener /var/spool/postfix/private/auth {\n}\n" =
      { "section" = "service"
        { "name" = "imap-login" }
        { "setting" = "vsz_limit"
          { "value" = "64M" }
        }
        { "section" = "inet_listener"
          { "name" = "imaps" }
          { "setting" = "port"
            { "value" = "993" }
          }
        }
        { "#blank" }
        { "#comment" = "# c" }
      }
      { "section" = "unix_listener"
        { "name" = "/var/spool/postfix/private/auth" }
      }

  (* Filters *)
  test lns get "local 192.0.2.0/24 {\n  a = b\n}\nlocal_name \"a b\" {\n}\nremote 2001:db8::/32 {\n}\nprotocol !lmtp {\n}\n" =
      { "section" = "local"
        { "name" = "192.0.2.0/24" }
        { "setting" = "a"
          { "value" = "b" }
        }
      }
      { "section" = "local_name"
        { "name" = "\"a b\"" }
      }
      { "section" = "remote"
        { "name" = "2001:db8::/32" }
      }
      { "section" = "protocol"
        { "name" = "!lmtp" }
      }

  (* Section of 2.4 *)
  test lns get "protocols {\n  imap = yes\n}\npassdb static {\n  passdb_static_password = x\n}\n" =
      { "section" = "protocols"
        { "setting" = "imap"
          { "value" = "yes" }
        }
      }
      { "section" = "passdb"
        { "name" = "static" }
        { "setting" = "passdb_static_password"
          { "value" = "x" }
        }
      }

  (* A group of 2.4 has two names; other sections have one *)
  test lns get "group @a b {\n}\nservice \"c d\"{\n}\nmailbox x{} {\n}\n" =
      { "section" = "group"
        { "name" = "@a b" }
      }
      { "section" = "service"
        { "name" = "\"c d\"" }
      }
      { "section" = "mailbox"
        { "name" = "x{}" }
      }

  (* 2.4 takes quotes around a type; white space follows them *)
  test lns get "\"a = {\" {\n \"b\" \"c\"{\n }\n}\n\"group\" @d e {\n}\n" =
      { "section" = "\"a = {\""
        { "section" = "\"b\""
          { "name" = "\"c\"" }
        }
      }
      { "section" = "\"group\""
        { "name" = "@d e" }
      }

  (* What 1.x drops behind a brace is BEL characters here *)
  test lns get "a b {\a # c\n d { \a\a\n } # e\n}\n" =
      { "section" = "a"
        { "name" = "b" }
        { "#ignored" = "\a" }
        { "#open" = "# c" }
        { "section" = "d"
          { "#ignored" = "\a\a" }
          { "#close" = "# e" }
        }
      }

  (* Comments behind braces *)
  test lns get "a b { # c\n} # d\n" =
      { "section" = "a"
        { "name" = "b" }
        { "#open" = "# c" }
        { "#close" = "# d" }
      }

  (* Includes *)
  test lns get "!include conf.d/*.conf\n!include_try /usr/share/dovecot/protocols.d/*.protocol\na {\n  !include b\n}\n" =
      { "include" = "conf.d/*.conf" }
      { "include_try" = "/usr/share/dovecot/protocols.d/*.protocol" }
      { "section" = "a"
        { "include" = "b" }
      }

  (* CRLF *)
  test lns get "a = b\r\nc {\r\n}\r\n" =
      { "setting" = "a"
        { "value" = "b" }
      }
      { "section" = "c" }

  (* Refused *)
  test lns get "a {}\n" = *
  test lns get "a { b\n}\n" = *
  test lns get "a b c {\n}\n" = *
  test lns get "a { b = c }\n" = *
  test lns get "a {\n" = *
  test lns get "}\n" = *
  test lns get "a\n" = *
  test lns get "a \\\n# b\n" = *
  test lns get "\"a\"b = c\n" = *
