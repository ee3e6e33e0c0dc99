(* The text of Postfix's alias tables, aliases(5), as postalias(1) reads it: readllines() in
   src/util/readlline.c cuts the text into logical lines; what stands before the first ':' outside of quotes
   is the name, the rest is the list of targets. sendmail's own newaliases reads the same files.

   Only white space, line ends and the ':' after a name are deleted; every other byte is in the tree, and each
   top-level node ends with its newline.

     alias = NAME          as typed, quotes included, over all its lines; value = TEXT for each physical line of the
                           targets, none if there are none; #comment = "# ..." for a comment line before the last
                           line; #before for one before the ':'
     unread = TEXT         what postalias warns of and drops: a line without a name or a ':', or with '@', '%' or ','
                           in the name; value = TEXT for each further physical line
     commented = NAME      "#name: text", "# name: text"; value = TEXT
     #comment = "# ..."    any other comment line
     #blank                a blank line

   What no regular expression can know is marked before this lens reads (postfix_mask.h): BEL (7) is a byte of a name
   that goes over lines, or has notes within notes, BS (8) one of the first line of what is no alias.

   Limits: the text ends in a newline and holds no NUL, and no line with text behind white space stands before
   the first logical line (tree.c takes those out). Whether a commented line is an alias or prose with a
   ':' is not known. *)
module Mf_Aliases =
  let text      = /[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let hash      = /#([^\n]*[^ \t\v\f\r\n])?/
  let unhashed  = /[^ \t\v\f\r\n#]([^\n]*[^ \t\v\f\r\n])?/

  (* The words of a name: quotes, literals in brackets and notes in parentheses hide what is in them. *)
  let escaped   = /\\\\[^\n]/
  let quoted    = /"([^"\\\n]|\\\\[^\n])*"/
  let literal   = /\[([^]\\\n]|\\\\[^\n])*\]/
  let note      = /\(([^()\\\n]|\\\\[^\n])*\)/
  let closed    = escaped | quoted | literal | note
  let word      = /[^ \t\v\f\r\n:"(\\,@%[\b]/ | closed
  let begin     = /[^ \t\v\f\r\n:"(\\,@%[#\b]/ | closed
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

  let unread    = [ label "unread" . store /\b+/ . more* . eol ]

  let plain     = /[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*/
  let listed    = /#[ \t\v\f\r]*[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*[ \t\v\f\r]*:([^\n]*[^ \t\v\f\r\n])?/
  let commented = [ label "commented" . margin . del /#[ \t\v\f\r]*/ "#" . store plain
                  . del /[ \t\v\f\r]*:/ ":" . (pad . value text)? . eol ]
  (* hash - listed; tests/lenses/remark holds it. libfa would write it in several times as many bytes. *)
  let remark    = /#([ \t\v\f\r]*([:#"]([^\n]*[^ \t\v\f\r\n])?|[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*([ \t\v\f\r]+[^ \t\v\f\r\n:]([^\n]*[^ \t\v\f\r\n])?)?))?/
  let comment   = [ label "#comment" . margin . store remark . eol ]
  let blank     = [ label "#blank" . eol ]

  let lns       = (blank | comment | commented | alias | unread)*
