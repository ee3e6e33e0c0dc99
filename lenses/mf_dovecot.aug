(* Dovecot's configuration, 1.x to 2.4, as config_parse_line() in src/config/config-parser.c reads it: line by
   line; a '#' outside of quotes begins a comment; a line that ends in a backslash continues in the next one; a
   section opens with '{' at the end of its line and closes with '}' on a line of its own.

   Only white space, line ends, '=', braces and the backslash that continues a line are deleted; every other
   byte is in the tree, and each node ends with its newline.

     setting = NAME        value = TEXT for each physical line of the value, none if it is empty;
                           #comment = "# ..." for a comment behind it, or behind the backslash of a line
                           (#continued, where that backslash is all of the line);
                           heredoc = TEXT for the lines that follow "<<MARKER", the marker's own included
     section = TYPE        name = TEXT if it has one, as it is written; #ignored = TEXT for what 1.x drops behind
                           the '{'; then what is in it, nested; #open and #close = "# ..." for a comment behind
                           its '{' and its '}'
     include = PATH        !include; include_try = PATH: !include_try; #comment for a comment behind it
     commented = NAME      "#name = text"; value = TEXT
     #comment = "# ..."    any other comment line
     #void = TEXT          lines that are continued by a blank line or a comment: 2.x drops them all
     #blank                a blank line, or one with nothing but a backslash

   Limits: the text ends in a newline and holds no NUL. Sections nest three deep: tree_cut.c opens those
   around them. A commented-out section is
   comments and commented settings. Names and types hold no backslash and, but for a wholly quoted one of 2.4, no
   quotes; they begin with neither '!' nor '}'. White space follows the type of a section. Comments stand behind the backslash only in values, and the path of an
   include leaves no quote open. The lines
   of a heredoc are BEL characters here: dovecot_mask.c puts them there, as no regular expression knows which line
   ends one; so is what 1.x drops behind a '{'. A section that 1.x lets stay open is closed by tree_cut.c. White space is that of 2.4, which has CR, VT and FF besides the blank and the tab of 1.x and 2.3. *)
module Mf_Dovecot =
  let eol       = del /[ \t\r\v\f]*\n/ "\n"
  let margin    = del /[ \t\r\v\f]*/ ""
  let hash      = /#([^\n]*[^ \t\r\v\f\n])?/
  let behind (word:string) = [ label word . margin . store hash ]

  (* White space that may go on in the next line. *)
  let goes_on   = /\\\\[ \t\r\v\f]*\n[ \t\r\v\f]*/
  let ws        = del (/[ \t\r\v\f]+/ . goes_on* | goes_on+) " "
  let opt_ws    = del (/[ \t\r\v\f]*/ . goes_on*) " "

  (* What is left of a line without its comment: quotes hide a '#', and one that stays open hides all of them.
     A whole line does not end in a backslash; a part is what stands before the backslash of a line that goes
     on, and a comment can follow that one only where no quote is open. *)
  let double    = /"([^"\\\n]|\\\\[^\n])*"/
  let single    = /'([^'\\\n]|\\\\[^\n])*'/
  let atom      = /[^ \t\r\v\f\n#"'\\]/ | double | single
  let any       = /[^\n#"'\\]/ | double | single | /\\\\/
  let begin     = atom | /\\\\/
  let closed    = (begin . any*)? . atom
  let closed_bs = begin . (any* . begin)?
  let open_end  = /"(([^"\\\n]|\\\\[^\n])*([^"\\ \t\r\v\f\n]|\\\\[^\\ \t\r\v\f\n]))?/
                | /'(([^'\\\n]|\\\\[^\n])*([^'\\ \t\r\v\f\n]|\\\\[^\\ \t\r\v\f\n]))?/
  let open_bs   = /"(([^"\\\n]|\\\\[^\n])*([^"\\ \t\r\v\f\n]|\\\\[^ \t\r\v\f\n]|\\\\))?/
                | /'(([^'\\\n]|\\\\[^\n])*([^'\\ \t\r\v\f\n]|\\\\[^ \t\r\v\f\n]|\\\\))?/
  let opened    = (begin . any*)? . open_end
  let opened_bs = (begin . any*)? . open_bs

  let value (text:regexp) = [ label "value" . store text ]
  let backslash = del /[ \t\r\v\f]*\\\\/ " \\"
  let lone      = del /\\\\/ "\\"
  let last      = value closed . (behind "#comment")? | value opened
  let part      = value closed_bs . backslash . (behind "#comment")? | value opened_bs . backslash
                | lone . (behind "#continued")
  let join      = del (/[ \t\r\v\f]*\n[ \t\r\v\f]*/ . goes_on*) "\n  "
  let lines     = opt_ws . (part . join)* . last

  let word      = /[^ \t\r\v\f\n#="'\\!}][^ \t\r\v\f\n#="'\\]*/
  let named     = word | double
  let setting   = [ label "setting" . margin . store named . opt_ws . del "=" "="
                  . (lines | (behind "#comment"))? . eol
                  . [ label "heredoc" . store /\a+/ . del "\n" "\n" ]? ]
  let include   = [ margin . del "!" "!" . key /include(_try)?/ . ws . store closed . (behind "#comment")? . eol ]

  let indent    = del /[ \t\r\v\f]*(\\\\[ \t\r\v\f]*)?/ ""
  let assigned  = /#[ \t\r\v\f]*[A-Za-z0-9_\/-]+[ \t\r\v\f]*=([^\n]*[^ \t\r\v\f\n])?/
  let commented = [ label "commented" . indent . del /#[ \t\r\v\f]*/ "#" . store /[A-Za-z0-9_\/-]+/
                  . del /[ \t\r\v\f]*=/ " ="
                  . (del /[ \t\r\v\f]*/ " " . value /[^ \t\r\v\f\n]([^\n]*[^ \t\r\v\f\n])?/)? . eol ]
  (* hash - assigned; tests/lenses/remark holds it. libfa would write it in several times as many bytes. *)
  let remark    = /#([ \t\r\v\f]*([^ \t\r\v\f\nA-Za-z0-9_\/-]([^\n]*[^ \t\r\v\f\n])?|[A-Za-z0-9_\/-]+(([ \t\r\v\f]+[^ \t\r\v\f\n=]|[^ \t\r\v\f\n=A-Za-z0-9_\/-])([^\n]*[^ \t\r\v\f\n])?)?))?/
  let comment   = [ label "#comment" . indent . store remark . eol ]
  let blank     = [ label "#blank" . del /[ \t\r\v\f]*(\\\\[ \t\r\v\f]*)?\n/ "\n" ]
  let void      = [ label "#void" . store /\b+/ . del "\n" "\n" ]
  let simple    = setting | include | commented | comment | blank | void

  let bare      = /[^ \t\r\v\f\n#="'\\{]/ | /'[^'\\ \t\r\v\f\n]*'/
  let inside    = /[^ \t\r\v\f\n#"'\\]/ | /'[^'\\ \t\r\v\f\n]*'/ | /"[^"\\ \t\r\v\f\n]*"/
  let title     = bare . (inside | /\\\\/)* . inside | bare
  let in_quotes = /"([^"\\\n]|\\\\[^"\n])*"/
  let name (text:regexp) = [ label "name" . store text ]
  let type      = (word - "group") | (double - "\"group\"")
  let opening   = store type . (ws . name title . ws | ws . name in_quotes . opt_ws | ws)
                | store /group|"group"/ . ws . name (title . /[ \t\r\v\f]+/ . title) . ws
  let ignored   = del /[ \t\r\v\f]*/ " " . [ label "#ignored" . store /\a+/ ]
  let section (inner:lens) =
                  [ label "section" . margin . opening . del "{" "{" . ignored? . (behind "#open")? . eol . inner*
                  . margin . del "}" "}" . (behind "#close")? . eol ]
  let level1    = section simple
  let level2    = section (simple | level1)
  let level3    = section (simple | level2)

  let lns       = (simple | level3)*
