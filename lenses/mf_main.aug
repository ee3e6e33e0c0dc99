(* Postfix main.cf, as Postfix reads it: readllines() in src/util/readlline.c cuts the text into logical
   lines, split_nameval() in src/util/split_nameval.c cuts a logical line into name and value, dict_load_fp()
   in src/util/dict.c refuses the whole file when a line has no name or no '='. So does this lens.

   White space is what ISSPACE() accepts: blank, tab, CR, vertical tab, form feed. Only white space, line ends
   and the '=' after a name are deleted; every other byte is in the tree, and each top-level node ends with
   its newline.

     setting = NAME        value = TEXT for each physical line of the value, none if it is empty;
                           #comment = "# ..." for a comment line before the last line of the value
     commented = NAME      "#name = text"; value = TEXT
     #comment = "# ..."    any other comment line
     #blank                a blank line

   Limits: the text ends in a newline and holds no NUL, and no line with text behind white space stands before
   the first logical line (tree.c takes those out). Comment and blank lines behind a setting belong to it
   only if a continuation line follows. Whether a commented line is a setting or prose with a '=' is not
   known. *)
module Mf_Main =
  let text      = /[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let hash      = /#([^\n]*[^ \t\v\f\r\n])?/
  let unhashed  = /[^ \t\v\f\r\n#]([^\n]*[^ \t\v\f\r\n])?/

  let eol       = del /[ \t\v\f\r]*\n/ "\n"
  let margin    = del /[ \t\v\f\r]*/ ""
  let pad       = del /[ \t\v\f\r]*/ " "
  let indent    = del /[ \t\v\f\r]+/ "    "
  let empties   = del /([ \t\v\f\r]*\n)*/ ""

  (* From one physical line of a logical line to the next. A line that begins with '#' is a plain comment
     here, whatever it says. *)
  let fold      = del /[ \t\v\f\r]*\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+/ "\n    "
  let between (word:string) =
                  eol . empties . ([ label word . margin . store hash . eol ] . empties)+ . indent

  let equals    = del /[ \t\v\f\r]*(\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+)?=/ " ="
                | between "#before" . del "=" "="
  let value (r:regexp) = [ label "value" . store r ]
  let first     = del /[ \t\v\f\r]*(\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+)?/ " " . value unhashed
                | between "#comment" . value unhashed
                | pad . value hash
  let more      = (fold | between "#comment") . value unhashed
  let setting   = [ label "setting" . store /[^ \t\v\f\r\n=#][^ \t\v\f\r\n=]*/
                  . equals . (first . more*)? . eol ]

  let assigned  = /#[ \t\v\f\r]*[A-Za-z0-9_]+[ \t\v\f\r]*=([^\n]*[^ \t\v\f\r\n])?/
  let commented = [ label "commented" . margin . del /#[ \t\v\f\r]*/ "#" . store /[A-Za-z0-9_]+/
                  . del /[ \t\v\f\r]*=/ " =" . (pad . value text)? . eol ]
  (* hash - assigned; tests/lenses/remark holds it. libfa would write it in several times as many bytes. *)
  let remark    = /#([ \t\v\f\r]*([^ \t\v\f\r\nA-Za-z0-9_]([^\n]*[^ \t\v\f\r\n])?|[A-Za-z0-9_]+(([ \t\v\f\r]+[^ \t\v\f\r\n=]|[^ \t\v\f\r\n=A-Za-z0-9_])([^\n]*[^ \t\v\f\r\n])?)?))?/
  let comment   = [ label "#comment" . margin . store remark . eol ]
  let blank     = [ label "#blank" . eol ]

  let lns       = (blank | comment | commented | setting)*
