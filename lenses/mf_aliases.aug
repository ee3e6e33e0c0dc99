(* The text of Postfix's alias tables, aliases(5), as postalias(1) reads it: readllines() in
   src/util/readlline.c cuts the text into logical lines; what stands before the first ':' outside of quotes
   is the name, the rest is the list of targets. sendmail's own newaliases reads the same files.

   Only white space, line ends and the ':' after a name are deleted; every other byte is in the tree, and each
   top-level node ends with its newline.

     alias = NAME          as typed, quotes included; value = TEXT for each physical line of the targets, none
                           if there are none; #comment = "# ..." for a comment line before the last line
     commented = NAME      "#name: text", "# name: text"; value = TEXT
     #comment = "# ..."    any other comment line
     #blank                a blank line
     #ignored = TEXT       a line that starts with white space before the first alias

   Limits: the text ends in a newline and holds no NUL. Whether a commented line is an alias or prose with a
   ':' is not known. A name without quotes has no blanks in it. *)
module Mf_Aliases =
  let text      = /[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let hash      = /#([^\n]*[^ \t\v\f\r\n])?/
  let unhashed  = /[^ \t\v\f\r\n#]([^\n]*[^ \t\v\f\r\n])?/
  let quoted    = /"([^"\\\n]|\\\\[^\n])*"/
  let plain     = /[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*/

  let eol       = del /[ \t\v\f\r]*\n/ "\n"
  let margin    = del /[ \t\v\f\r]*/ ""
  let pad       = del /[ \t\v\f\r]*/ " "
  let indent    = del /[ \t\v\f\r]+/ "    "
  let empties   = del /([ \t\v\f\r]*\n)*/ ""

  let fold      = del /[ \t\v\f\r]*\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+/ "\n    "
  let between   = eol . empties . ([ label "#comment" . margin . store hash . eol ] . empties)+ . indent

  let colon     = del /[ \t\v\f\r]*:/ ":"
  let value (r:regexp) = [ label "value" . store r ]
  let first     = (del /[ \t\v\f\r]*(\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+)?/ " " | between) . value unhashed
                | pad . value hash
  let more      = (fold | between) . value unhashed
  let alias     = [ label "alias" . store (plain | quoted) . colon . (first . more*)? . eol ]

  let name      = /[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*/
  let listed    = /#[ \t\v\f\r]*[^ \t\v\f\r\n:#"][^ \t\v\f\r\n:]*[ \t\v\f\r]*:([^\n]*[^ \t\v\f\r\n])?/
  let commented = [ label "commented" . margin . del /#[ \t\v\f\r]*/ "#" . store name
                  . colon . (pad . value text)? . eol ]
  let comment   = [ label "#comment" . margin . store (hash - listed) . eol ]
  let blank     = [ label "#blank" . eol ]
  let ignored   = [ label "#ignored" . indent . store unhashed . eol ]

  let lns       = (blank | comment | commented | ignored)*
                . (alias . (blank | comment | commented | alias)*)?
