(* The text of Postfix's alias tables, aliases(5), as postalias(1) reads it: readllines() in
   src/util/readlline.c cuts the text into logical lines; what stands before the first ':' outside of quotes
   is the name, the rest is the list of targets. sendmail's own newaliases reads the same files.

   Only white space, line ends and the ':' after a name are deleted; every other byte is in the tree, and each
   top-level node ends with its newline.

     alias = NAME          as typed, quotes included; value = TEXT for each physical line of the targets, none
                           if there are none; #comment = "# ..." for a comment line before the last line;
                           #before for one before the ':'
     unread = TEXT         what postalias warns of and drops: a line without a name or a ':', or with '@', '%' or ','
                           in the name; value = TEXT for each further physical line
     commented = NAME      "#name: text", "# name: text"; value = TEXT
     #comment = "# ..."    any other comment line
     #blank                a blank line

   Limits: the text ends in a newline and holds no NUL, and no line with text behind white space stands before
   the first logical line (tree.c takes those out). Whether a commented line is an alias or prose with a
   ':' is not known. A name is on one
   physical line, and notes in it nest two deep; what else is left open at the end of a line, is unread. *)
module Mf_Aliases =
  let text      = /[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let hash      = /#([^\n]*[^ \t\v\f\r\n])?/
  let unhashed  = /[^ \t\v\f\r\n#]([^\n]*[^ \t\v\f\r\n])?/

  (* The words of a name: quotes, literals in brackets and notes in parentheses hide what is in them. *)
  let escaped   = /\\\\[^\n]/
  let quoted    = /"([^"\\\n]|\\\\[^\n])*"/
  let literal   = /\[([^]\\\n]|\\\\[^\n])*\]/
  let note1     = /\(([^(\\\n)]|\\\\[^\n])*\)/
  let note      = /\(/ . (/[^(\\\n)]/ | escaped | note1)* . /\)/
  let closed    = escaped | quoted | literal | note
  let word      = /[^ \t\v\f\r\n:"(\\,@%[]/ | closed
  let begin     = /[^ \t\v\f\r\n:"(\\,@%[#]/ | closed
  let name      = begin . ((word | /[ \t\v\f\r]/)* . word)?

  let eol       = del /[ \t\v\f\r]*\n/ "\n"
  let margin    = del /[ \t\v\f\r]*/ ""
  let pad       = del /[ \t\v\f\r]*/ " "
  let indent    = del /[ \t\v\f\r]+/ "    "
  let empties   = del /([ \t\v\f\r]*\n)*/ ""

  let fold      = del /[ \t\v\f\r]*\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+/ "\n    "
  let between (word:string) =
                  eol . empties . ([ label word . margin . store hash . eol ] . empties)+ . indent

  let behind    = between "#comment"
  let colon     = del /[ \t\v\f\r]*(\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+)?:/ ":" | between "#before" . del ":" ":"
  let value (r:regexp) = [ label "value" . store r ]
  let first     = (del /[ \t\v\f\r]*(\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+)?/ " " | behind) . value unhashed
                | pad . value hash
  let more      = (fold | behind) . value unhashed
  let alias     = [ label "alias" . store name . colon . (first . more*)? . eol ]

  (* What is no alias: no name, a name with a domain, two names; or a line without a ':', if the next one does not
     begin with it. What is open at the end of a line hides a ':', too. *)
  let rest      = /([^\n]*[^ \t\v\f\r\n])?/
  let other     = word | /[,@%]/
  let gap       = /[ \t\v\f\r]/
  let wrong     = ((begin . (word | gap)*)? . /[,@%]/ . (other | gap)*)? . /:/ . rest
  let nameless  = (begin | /[,@%]/) . ((other | gap)* . other)?
  let open      = ((begin | /[,@%]/) . (other | gap)*)?
                . ( /"(([^"\\\n]|\\\\[^\n])*([^"\\ \t\v\f\r\n]|\\\\[^ \t\v\f\r\n]))?/
                  | /\[(([^]\\\n]|\\\\[^\n])*([^]\\ \t\v\f\r\n]|\\\\[^ \t\v\f\r\n]))?/
                  | /\(/ . ( (/[^()\\\n]/ | escaped | note | /\(/)*
                            . (/[^()\\ \t\v\f\r\n]|\\\\[^ \t\v\f\r\n]/ | note | /\(/) )? )
  (* The backslash at the end of a line is for the next one. *)
  let escape    = ((begin | /[,@%]/) . (other | gap)*)?
                . (/"([^"\\\n]|\\\\[^\n])*/ | /\[([^]\\\n]|\\\\[^\n])*/
                   | /\(/ . (/[^()\\\n]/ | escaped | note | /\(/)*)? . /\\\\/
  let tight     = del /\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+/ "\n    "
                | del "\n" "\n" . empties . ([ label "#comment" . margin . store hash . eol ] . empties)+ . indent
  let unread    = [ label "unread" . store wrong . more* . eol ]
                | [ label "unread" . store nameless
                  . ((fold | behind) . value /[^ \t\v\f\r\n#:]([^\n]*[^ \t\v\f\r\n])?/ . more*)? . eol ]
                | [ label "unread" . store open . more* . eol ]
                | [ label "unread" . store escape . (tight . value unhashed . more* . eol | del "\n" "\n") ]

  let plain     = /[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*/
  let listed    = /#[ \t\v\f\r]*[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*[ \t\v\f\r]*:([^\n]*[^ \t\v\f\r\n])?/
  let commented = [ label "commented" . margin . del /#[ \t\v\f\r]*/ "#" . store plain
                  . del /[ \t\v\f\r]*:/ ":" . (pad . value text)? . eol ]
  (* hash - listed; tests/lenses/remark holds it. libfa would write it in several times as many bytes. *)
  let remark    = /#([ \t\v\f\r]*([:#"]([^\n]*[^ \t\v\f\r\n])?|[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*([ \t\v\f\r]+[^ \t\v\f\r\n:]([^\n]*[^ \t\v\f\r\n])?)?))?/
  let comment   = [ label "#comment" . margin . store remark . eol ]
  let blank     = [ label "#blank" . eol ]

  let lns       = (blank | comment | commented | alias | unread)*
