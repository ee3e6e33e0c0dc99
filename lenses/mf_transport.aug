(* Sources of Postfix's indexed maps (transport, virtual, canonical, access ...), as postmap(1) reads them:
   readllines() in src/util/readlline.c cuts the text into logical lines; the first word of a logical line is
   the key, the rest is the value.

   Only white space and line ends are deleted; every other byte is in the tree, and each top-level node ends
   with its newline.

     entry = KEY           value = TEXT for each physical line of the value, none if there is only a
                           key (postmap warns of it and drops it); #comment = "# ..." for a comment line before the last line of the value
     unread = TEXT         a line whose key has a quote that is not closed: postmap warns of it and drops it; or
                           whose key ends in a backslash; value = TEXT for each further physical line
     commented = KEY       "#KEY VALUE", with no blank behind '#'; value = TEXT
     #comment = "# ..."    any other comment line
     #blank                a blank line

   Limits: the text ends in a newline and holds no NUL, and no line with text behind white space stands before
   the first logical line (tree.c takes those out). Quotes and backslashes of a key are part of it, as
   they are typed. A key is on one physical line: one that goes on in a later line is unread. *)
module Mf_Transport =
  let text      = /[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let hash      = /#([^\n]*[^ \t\v\f\r\n])?/
  let unhashed  = /[^ \t\v\f\r\n#]([^\n]*[^ \t\v\f\r\n])?/
  (* Quotes and backslashes hold blanks together anywhere in a key. *)
  let bare      = /[^ \t\v\f\r\n"\\]|\\\\[^\n]/
  let quoted    = /"([^"\\\n]|\\\\[^\n])*"/
  let keyword   = (/[^ \t\v\f\r\n"\\#]|\\\\[^\n]/ | quoted) . (bare | quoted)*

  let eol       = del /[ \t\v\f\r]*\n/ "\n"
  let margin    = del /[ \t\v\f\r]*/ ""
  let ws        = del /[ \t\v\f\r]+/ " "
  let indent    = del /[ \t\v\f\r]+/ "    "
  let empties   = del /([ \t\v\f\r]*\n)*/ ""

  let fold      = /[ \t\v\f\r]*\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+/
  let between   = eol . empties . ([ label "#comment" . margin . store hash . eol ] . empties)+ . indent

  let value (r:regexp) = [ label "value" . store r ]
  let first     = (del (/[ \t\v\f\r]+/ | fold) "    " | between) . value unhashed
                | ws . value hash
  let more      = (del fold "\n    " | between) . value unhashed
  let entry     = [ label "entry" . store keyword . (first . more*)? . eol ]

  (* The rest of the line belongs to a quote that is not closed. *)
  let open      = keyword? . /"(([^"\\\n]|\\\\[^\n])*([^"\\ \t\v\f\r\n]|\\\\[^ \t\v\f\r\n]|\\\\))?/
  let tight     = del /\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+/ "\n    "
                | del "\n" "\n" . empties . ([ label "#comment" . margin . store hash . eol ] . empties)+ . indent
  let unread    = [ label "unread" . store open . more* . eol ]
                | [ label "unread" . store (keyword? . /\\\\/)
                  . (tight . value unhashed . more* . eol | del "\n" "\n") ]

  let listed    = /#[^ \t\v\f\r\n#][^ \t\v\f\r\n]*[ \t\v\f\r]+[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let commented = [ label "commented" . margin . del "#" "#" . store /[^ \t\v\f\r\n#][^ \t\v\f\r\n]*/
                  . ws . value text . eol ]
  (* hash - listed; tests/lenses/remark holds it. libfa would write it in several times as many bytes. *)
  let remark    = /#([ \t\v\f\r][^\n]*[^ \t\v\f\r\n]|#([^\n]*[^ \t\v\f\r\n])?|[^ \t\v\f\r\n#][^ \t\v\f\r\n]*)?/
  let comment   = [ label "#comment" . margin . store remark . eol ]
  let blank     = [ label "#blank" . eol ]

  let lns       = (blank | comment | commented | entry | unread)*
