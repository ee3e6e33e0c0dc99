(* What mf_master.aug makes of master.cf. Postfix's master takes every form but those under "Refused". BEL and
   backspace stand where postfix_mask.c puts them: see the lens. *)
module Test_Mf_Master =
  let lns = Mf_Master.lns

  (* An empty file *)
  test [ label "file" . lns ] get "" = { "file" }

  (* A service is eight columns *)
  test lns get "smtp      inet  n       -       y       -       -       smtpd\n" =
    { "service" = "smtp" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "y" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" } }

  (* Names with an address, the types unix, fifo, pass, unix-dgram, conditional wake-up, no limit *)
  test lns get "[::1]:submission inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr\npickup fifo n n n 60 1 pickup\nsmtpd pass - - n - 0 smtpd
postlog unix-dgram n - n - 1 postlogd\n" =
    { "service" = "[::1]:submission"
      { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" } }
    { "service" = "127.0.0.1:10025"
      { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" } }
    { "service" = "tlsmgr" { "type" = "unix" } { "private" = "-" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "1000?" } { "maxproc" = "1" } { "command" = "tlsmgr" } }
    { "service" = "pickup" { "type" = "fifo" } { "private" = "n" } { "unpriv" = "n" } { "chroot" = "n" }
      { "wakeup" = "60" } { "maxproc" = "1" } { "command" = "pickup" } }
    { "service" = "smtpd" { "type" = "pass" } { "private" = "-" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "0" } { "command" = "smtpd" } }
    { "service" = "postlog"
      { "type" = "unix-dgram" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "1" } { "command" = "postlogd" } }

  (* Options: name=value, attached, in braces with blanks, empty, with '=' and a group in braces in the
     value *)
  test lns get "s t p u c w m d -o a=b -oc=d\n  -o { e = f g }\n  -o h= -o { i = }\n  -o {j=k}\n  -o l=m=n
  -o o=$\a\a\a\a\a\a\a\a\a\a\a\a\a}/t\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "option" = "a" { "value" = "b" } }
      { "option" = "c" { "value" = "d" } }
      { "option" = "e" { "#braces" } { "value" = "f g" } }
      { "option" = "h" }
      { "option" = "i" { "#braces" } }
      { "option" = "j" { "#braces" } { "value" = "k" } }
      { "option" = "l" { "value" = "m=n" } }
      { "option" = "o" { "value" = "$\a\a\a\a\a\a\a\a\a\a\a\a\a}/t" } } }

  (* In braces a value may have several lines, with comments between them, and before the name and the '=' *)
  test lns get "s t p u c w m d -o {\n a\n =\n b \a\n# c\n  \a \a \n d \a $\ae?\af\a\a\n } -o g=}\n -o { h = #i\n  }
 -o {\n# 1\n  j\n# 2\n\n =\n# 3\n }\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "option" = "a" { "#braces" } { "value" = "b \a" } { "#comment" = "# c" } { "value" = "\a \a" }
        { "value" = "d \a $\ae?\af\a\a" } }
      { "option" = "g" { "value" = "}" } }
      { "option" = "h" { "#braces" } { "value" = "#i" } }
      { "option" = "j" { "#braces" } { "#above" = "# 1" } { "#before" = "# 2" } { "#comment" = "# 3" } } }

  (* So it may outside of braces, as long as a group of its own is open *)
  test lns get "s t p u c w m d -o a=b\a\a\n# c\n\n  \a\a\n }d\a} -oe=\a\n  } -o f=g\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "option" = "a" { "value" = "b\a\a" } { "#comment" = "# c" } { "value" = "\a\a" } { "value" = "}d\a}" } }
      { "option" = "e" { "value" = "\a" } { "value" = "}" } }
      { "option" = "f" { "value" = "g" } } }

  (* Braces behind -o without a '=' stop the daemon, not master; a group of an argument before the options end *)
  test lns get "s t p u c w m d -o \b\aa\a} -v{\a-o\aa=b} -o a#b=c\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "arg" = "-o" } { "arg" = "\b\aa\a}" } { "arg" = "-v{\a-o\aa=b}" } { "option" = "a#b" { "value" = "c" } } }

  (* A command that begins with '#' *)
  test lns get "s t p u c w m #d\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "#d" } }

  (* Other arguments. Behind the first word that is no option there are no options any more *)
  test lns get "s t p u c w m d -v -o a=b\n  flags=DRXhu user=u argv=/x/y -f $s -o n=o $($r) \"q\" -\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "arg" = "-v" } { "option" = "a" { "value" = "b" } }
      { "arg" = "flags=DRXhu" } { "arg" = "user=u" } { "arg" = "argv=/x/y" } { "arg" = "-f" } { "arg" = "$s" }
      { "arg" = "-o" } { "arg" = "n=o" } { "arg" = "$($r)" } { "arg" = "\"q\"" } { "arg" = "-" } }

  (* Options that the daemon refuses but master does not: white space around '=', no '=', no word at all *)
  test lns get "s t p u c w m d -o a = b\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "arg" = "-o" } { "arg" = "a" } { "arg" = "=" } { "arg" = "b" } }
  test lns get "s t p u c w m d -ob -o c\n -o a=b -o\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "arg" = "-ob" } { "arg" = "-o" } { "arg" = "c" }
      { "option" = "a" { "value" = "b" } } { "arg" = "-o" } }

  (* A '#' on the line of a service begins no comment: these are words *)
  test lns get "s t p u c w m d # a\n  -b #\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "arg" = "#" } { "arg" = "a" } { "arg" = "-b" } { "arg" = "#" } }
  test lns get "s t p u c w m d -o #a=b\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "arg" = "-o" } { "arg" = "#a=b" } }

  (* A group in braces that is no option's is cut at white space *)
  test lns get "s t p u c w m d argv=x { y z }\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "arg" = "argv=x" } { "arg" = "{" } { "arg" = "y" } { "arg" = "z" } { "arg" = "}" } }

  (* Columns and options on continuation lines, -o and its word on two *)
  test lns get "s t\n  p u\n\tc w m\n  d\n  -o\n  a=b\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "option" = "a" { "value" = "b" } } }

  (* Comments and blank lines between continuation lines; a comment behind the last one stands for itself *)
  test lns get "s t p u c w m d\n# one\n  -o a=b\n\n  #  -o c=d\n  -o e=f\n  # two\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "#comment" = "# one" }
      { "option" = "a" { "value" = "b" } }
      { "#comment" = "#  -o c=d" }
      { "option" = "e" { "value" = "f" } } }
    { "#comment" = "# two" }

  (* A comment between -o and its word, and one between columns *)
  test lns get "s t p\n# one\n  u c w m d -o\n# two\n  a=b\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "#comment" = "# one" } { "unpriv" = "u" }
      { "chroot" = "c" } { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "option" = "a" { "#comment" = "# two" } { "value" = "b" } } }

  (* A commented-out service with its option lines; their values run to the end of the line *)
  test lns get "#s inet n - y - - smtpd\n#  -o a=b\n# -o c=d e\n  #-of=\n# -o g h = i\n" =
    { "commented" = "s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "y" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" }
      { "option" = "a" { "value" = "b" } }
      { "option" = "c" { "value" = "d e" } }
      { "option" = "f" }
      { "option" = "g h = i" } }

  (* Prose is inside the block if an option line follows; the block ends with its last option line *)
  test lns get "# Choose one: this\n#s inet n - n - - smtpd\n#  -o a=b\n#     Instead of that\n#
#  -o c=d\n# Next
#t unix - n n 60 1 pipe\n#  flags=R user=u argv=/x\n" =
    { "#comment" = "# Choose one: this" }
    { "commented" = "s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" }
      { "option" = "a" { "value" = "b" } }
      { "#comment" = "#     Instead of that" }
      { "#comment" = "#" }
      { "option" = "c" { "value" = "d" } } }
    { "#comment" = "# Next" }
    { "commented" = "t" { "type" = "unix" } { "private" = "-" } { "unpriv" = "n" } { "chroot" = "n" }
      { "wakeup" = "60" } { "maxproc" = "1" } { "command" = "pipe" } }
    { "#comment" = "#  flags=R user=u argv=/x" }

  (* Every type, all three flags *)
  test lns get "#[::1]:s inet n - y - - d\n# u unix - n n 1? 0 d\n#f fifo y y - 9 - d\n#p pass - - - - - d
  #  d unix-dgram n - n - 1 d\n" =
    { "commented" = "[::1]:s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "y" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "d" } }
    { "commented" = "u" { "type" = "unix" } { "private" = "-" } { "unpriv" = "n" } { "chroot" = "n" }
      { "wakeup" = "1?" } { "maxproc" = "0" } { "command" = "d" } }
    { "commented" = "f" { "type" = "fifo" } { "private" = "y" } { "unpriv" = "y" } { "chroot" = "-" }
      { "wakeup" = "9" } { "maxproc" = "-" } { "command" = "d" } }
    { "commented" = "p" { "type" = "pass" } { "private" = "-" } { "unpriv" = "-" } { "chroot" = "-" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "d" } }
    { "commented" = "d" { "type" = "unix-dgram" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "1" } { "command" = "d" } }

  (* Two commented-out services: the options belong to the second *)
  test lns get "#s inet n - n - - smtpd\n#t inet n - n - - smtpd\n#  -o a=b\n" =
    { "commented" = "s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" } }
    { "commented" = "t" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" }
      { "option" = "a" { "value" = "b" } } }

  (* A blank line or a service ends the block: the option lines below it are comments *)
  test lns get "#s inet n - n - - smtpd\n\n#  -o a=b\n" =
    { "commented" = "s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" } }
    { "#blank" }
    { "#comment" = "#  -o a=b" }
  test lns get "#s inet n - n - - smtpd\ns t p u c w m d\n#  -o a=b\n" =
    { "commented" = "s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" } }
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" } }
    { "#comment" = "#  -o a=b" }

  (* A commented-out service between a service and its options is a comment of that service *)
  test lns get "s t p u c w m d\n#t inet n - n - - smtpd\n  -o a=b\n" =
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "#comment" = "#t inet n - n - - smtpd" }
      { "option" = "a" { "value" = "b" } } }

  (* Comments that are no service: prose with a type in it, the heading of the columns, too few columns *)
  test lns get "# service type  private unpriv  chroot\n#smtp inet is for mail\n# smtp unix - -\n#\n" =
    { "#comment" = "# service type  private unpriv  chroot" }
    { "#comment" = "#smtp inet is for mail" }
    { "#comment" = "# smtp unix - -" }
    { "#comment" = "#" }

  (* Commented out twice: the second '#' is part of the name, so that no fix finds it *)
  test lns get "##s inet n - n - - smtpd\n" =
    { "commented" = "#s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" } }

  (* Blank lines *)
  test lns get " \t\n# c\ns t p u c w m d\n\n" =
    { "#blank" }
    { "#comment" = "# c" }
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" } }
    { "#blank" }

  (* A file from DOS, with bytes above 0x7f *)
  test lns get "# é\r\n#s inet n - n - - smtpd\r\n#  -o a=b\r\n\r\ns t p u c w m d\r\n  -o a=é\r\n" =
    { "#comment" = "# é" }
    { "commented" = "s" { "type" = "inet" } { "private" = "n" } { "unpriv" = "-" } { "chroot" = "n" }
      { "wakeup" = "-" } { "maxproc" = "-" } { "command" = "smtpd" }
      { "option" = "a" { "value" = "b" } } }
    { "#blank" }
    { "service" = "s" { "type" = "t" } { "private" = "p" } { "unpriv" = "u" } { "chroot" = "c" }
      { "wakeup" = "w" } { "maxproc" = "m" } { "command" = "d" }
      { "option" = "a" { "value" = "é" } } }

  (* Refused, as by Postfix: seven columns, braces behind -o that do not close or have something behind them *)
  test lns get "s t p u c w m\n" = *
  test lns get "s t p u c w m d -o { a = b\n" = *
  test lns get "s t p u c w m d -o { a = b}c\n" = *

  (* Refused: a last line without its newline, which the program adds *)
  test lns get "s t p u c w m d" = *
