(* Sources of Postfix's indexed maps (transport, virtual, canonical, access ...), as postmap(1) reads them:
   readllines() in src/util/readlline.c cuts the text into logical lines; the first word of a logical line is
   the key, the rest is the value.

   Only white space and line ends are deleted; every other byte is in the tree, and each top-level node ends
   with its newline.

     entry = KEY           as typed, quotes and backslashes included, over all its lines; value = TEXT for each
                           physical line of the value, none if there is only a key (postmap warns of it and
                           drops it); #comment = "# ..." for a comment line before the last line of the value
     unread = TEXT         the first line of what has a quote in its key that is not closed, which postmap warns of
                           and drops, or has a backslash for its last byte; value = TEXT for each further physical line
     commented = KEY       "#KEY VALUE", with no blank behind '#'; value = TEXT
     #comment = "# ..."    any other comment line
     #blank                a blank line

   What no regular expression can know is marked before this lens reads (postfix_mask.h): BEL (7) is a byte of a key
   that goes over lines, BS (8) one of the first line of what is unread.

   Limits: the text ends in a newline and holds no NUL, and no line with text behind white space stands before
   the first logical line (tree.c takes those out). *)
module Mf_Transport =
  let text      = /[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let hash      = /#([^\n]*[^ \t\v\f\r\n])?/
  let unhashed  = /[^ \t\v\f\r\n#]([^\n]*[^ \t\v\f\r\n])?/
  (* Quotes and backslashes hold blanks together anywhere in a key. *)
  let bare      = /[^ \t\v\f\r\n"\\]|\\\\[^\n]/
  let quoted    = /"([^"\\\n]|\\\\[^\n])*"/
  let keyword   = (/[^ \t\v\f\r\n"\\#\b]|\\\\[^\n]/ | quoted) . (bare | quoted)*

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

  let unread    = [ label "unread" . store /\b+/ . more* . eol ]

  let listed    = /#[^ \t\v\f\r\n#][^ \t\v\f\r\n]*[ \t\v\f\r]+[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let commented = [ label "commented" . margin . del "#" "#" . store /[^ \t\v\f\r\n#][^ \t\v\f\r\n]*/
                  . ws . value text . eol ]
  (* hash - listed; tests/lenses/remark holds it. libfa would write it in several times as many bytes. *)
  let remark    = /#([ \t\v\f\r][^\n]*[^ \t\v\f\r\n]|#([^\n]*[^ \t\v\f\r\n])?|[^ \t\v\f\r\n#][^ \t\v\f\r\n]*)?/
  let comment   = [ label "#comment" . margin . store remark . eol ]
  let blank     = [ label "#blank" . eol ]

  let lns       = (blank | comment | commented | entry | unread)*
