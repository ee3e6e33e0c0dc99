(* Dovecot's configuration, 1.x to 2.4, as config_parse_file() in src/config/config-parser.c reads it: line by
   line, a section opens with '{' at the end of its line and closes with '}' on a line of its own.

   Only white space, line ends, '=', braces and the backslash that continues a value are deleted; every other
   byte is in the tree, and each node ends with its newline.

     setting = NAME        value = TEXT for each physical line of the value, none if it is empty;
                           #comment = "# ..." for a comment behind it
     section = TYPE        name = TEXT if it has one; then what is in it, nested; #open and #close = "# ..."
                           for a comment behind its '{' and its '}'
     include = PATH        !include; include_try = PATH: !include_try
     commented = NAME      "#name = text"; value = TEXT
     #comment = "# ..."    any other comment line
     #blank                a blank line

   Limits: the text ends in a newline and holds no NUL. Sections nest six deep. A commented-out section is
   comments and commented settings. A value in single quotes is cut at a " #"; heredocs and quoted names of
   2.4 are not known. "name {}" is refused: 2.x takes it for no section, and 1.x opens one there and ignores
   the '}'. *)
module Mf_Dovecot =
  let eol       = del /[ \t\r]*\n/ "\n"
  let margin    = del /[ \t\r]*/ ""
  let ws        = del /[ \t\r]+/ " "
  let pad       = del /[ \t\r]*/ " "
  let hash      = /#([^\n]*[^ \t\r\n])?/
  let behind (word:string) = [ label word . ws . store hash ]

  (* Words of a value: " #" begins a comment outside of quotes; a backslash at the end of the line is none. *)
  let blanks    = /[ \t\r]+/
  let quoted    = /"([^"\\\n]|\\\\[^\n])*"/
  let rest      = /([^ \t\r\n\\]|\\\\[^\r\n])*/
  let word      = quoted . rest | /([^ \t\r\n#"\\]|\\\\[^\r\n])/ . rest
  let line      = word . (blanks . word)*
  let value     = [ label "value" . store line ]
  let joint     = del /[ \t\r]*\\\\\r?\n[ \t\r]*/ " \\\n  "

  let name      = /[^ \t\r\n#={}!"\\<][^ \t\r\n={}]*/
  let setting   = [ label "setting" . margin . store name . del /[ \t\r]*=/ " ="
                  . (del /[ \t\r]*(\\\\\r?\n[ \t\r]*)?/ " " . value . (joint . value)*)? . (behind "#comment")? . eol ]
  let include   = [ margin . del "!" "!" . key /include(_try)?/ . ws . store /[^ \t\r\n]([^\n]*[^ \t\r\n])?/ . eol ]

  let assigned  = /#[ \t\r]*[A-Za-z0-9_\/-]+[ \t\r]*=([^\n]*[^ \t\r\n])?/
  let commented = [ label "commented" . margin . del /#[ \t\r]*/ "#" . store /[A-Za-z0-9_\/-]+/
                  . del /[ \t\r]*=/ " =" . (pad . [ label "value" . store /[^ \t\r\n]([^\n]*[^ \t\r\n])?/ ])? . eol ]
  let comment   = [ label "#comment" . margin . store (hash - assigned) . eol ]
  let blank     = [ label "#blank" . eol ]
  let simple    = setting | include | commented | comment | blank

  let title     = /[^ \t\r\n{}=#"][^ \t\r\n{}=]*|"[^"\n]*"/
  let opening   = margin . store name . (ws . [ label "name" . store (title . (blanks . title)*) ])?
  let close     = margin . del "}" "}"
  let section (inner:lens) =
                  [ label "section" . opening . del /[ \t\r]*\{/ " {" . (behind "#open")? . eol . inner*
                  . close . (behind "#close")? . eol ]
  let level1    = section simple
  let level2    = section (simple | level1)
  let level3    = section (simple | level2)
  let level4    = section (simple | level3)
  let level5    = section (simple | level4)
  let level6    = section (simple | level5)

  let lns       = (simple | level6)*
