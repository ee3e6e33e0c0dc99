(* Postfix master.cf, as Postfix reads it: readllines() in src/util/readlline.c cuts the text into logical
   lines, get_master_ent() in src/master/master_ent.c cuts a logical line into words, and the daemon reads its
   -o options.

   Only white space, line ends, "-o", the '=' behind an option's name and the braces of "-o { name = value }"
   are deleted; every other byte is in the tree, and each top-level node ends with its newline.

     service = NAME        type, private, unpriv, chroot, wakeup, maxproc, command, then any of
                             option = PARAMETER   -o name=value, -oname=value, -o { name = value }; value =
                                                  TEXT, none if it is empty
                             arg = WORD           any other word
                             #comment = "# ..."   a comment line before the last line of the service; in the
                                                  braces of an option #above for one before the name, #before
                                                  for one before the '='
                           As for getopt(), options end at the first word that is none.
     commented = NAME      a commented-out service, up to its last commented -o line: the seven columns as
                           above, the last three as far as they stand there, and arg; then one option for
                           each -o line, its value running to the end of the line, and #comment as above
     #comment = "# ..."    any other comment line
     #blank                a blank line

   A comment is a commented-out service when its second word is a service type and the next three are y, n or
   '-', and more follows; prose does not look like that. A comment line below it that begins with -o, perhaps
   with prose between, is its option. A blank line ends the block.

   A -o without "name=value" is args: master takes it, only the daemon stops. So is a '#' on the line of a
   service.

   Limits: the text ends in a newline and holds no NUL, and no line with text behind white space stands before
   the first logical line (tree.c takes those out). A vertical tab and a form feed are white space, which they
   are not to Postfix inside of a line. A byte of a group in braces that an option's word has is a BEL character
   here, and so is a brace inside of "{ name = value }"; a brace behind -o that opens no such thing is a
   backspace: postfix_mask.c puts them there, as no regular expression knows which brace closes which. Refused,
   as by master, is a brace behind -o that is not closed. A
   group in braces that is not an option's, and holds white space, is several args where options have ended or
   where it has several lines. Options behind a cluster such as "-vo"
   are args. A commented-out pipe(8) service is its first line only: its "flags=" line is a #comment. *)
module Mf_Master =
  let eol       = del /[ \t\v\f\r]*\n/ "\n"
  let ws        = del /[ \t\v\f\r]+/ " "
  let margin    = del /[ \t\v\f\r]*/ ""
  let empties   = del /([ \t\v\f\r]*\n)*/ ""
  let hash      = /#([^\n]*[^ \t\v\f\r\n])?/

  (* Between two words of a logical line: white space, a line end, or a line end with comment lines in it. *)
  let newline   = /[ \t\v\f\r]*\n([ \t\v\f\r]*\n)*[ \t\v\f\r]+/
  let fold      = /[ \t\v\f\r]+/ | newline
  let remarks (word:string) =
                  eol . empties . ([ label word . margin . store hash . eol ] . empties)+
                . del /[ \t\v\f\r]+/ "    "
  let between   = remarks "#comment"
  let sep       = del fold " " | between

  (* Words. One that begins with '#' cannot begin a line: that line would be a comment. *)
  let char      = /[^ \t\v\f\r\n]/
  let column    = /[^ \t\v\f\r\n#][^ \t\v\f\r\n]*/
  let dashed    = /-[^ \t\v\f\r\no-][^ \t\v\f\r\n]*|--[^ \t\v\f\r\n]+/
  let undashed  = /[^ \t\v\f\r\n#-][^ \t\v\f\r\n]*|--?/
  let hashed    = /#[^ \t\v\f\r\n]*/

  (* A value has a node for each of its lines. Outside of braces it has no white space, but in a group of its own:
     ${name?{a b}}; cut is a line at whose end such a group is open. *)
  let name      = /[^ \t\v\f\r\n{}=#\b][^ \t\v\f\r\n{}=]*/
  let value (r:regexp) = [ label "value" . store r ]
  let linefold  = del newline "\n    " | between
  let whole     = /[^ \t\v\f\r\n{]*[^ \t\v\f\r\n{\a]/
  let cut       = /[^ \t\v\f\r\n{]*\a/
  let bare      = store name . del "=" "="
                . ( value whole
                  | value cut . linefold . (value (/[\a}]/ . cut | /\a/) . linefold)* . value (/[\a}]/ . whole | /\}/) )?

  let line      = /[^ \t\v\f\r\n{}#]([^\n{}]*[^ \t\v\f\r\n{}])?/
  let hashline  = /#([^\n{}]*[^ \t\v\f\r\n{}])?/
  let folded    = del (/[ \t\v\f\r]*/ | newline) " "
  let braced    = [ label "#braces" . del /\{/ "{" ] . (folded | remarks "#above") . store name
                . (folded | remarks "#before") . del "=" "="
                . ( ((folded | between) . value line | margin . value hashline) . (linefold . value line)* )?
                . (folded | between) . del "}" "}"

  (* What behind -o is not "name=value" makes the daemon stop with an error, but master accepts it. *)
  let unset     = name . (/[{}]/ . char*)? | /[=}\b]/ . char*
  let arg (r:regexp) = [ label "arg" . store r ]
  let misuse    = sep . arg /-o/ . (sep . arg unset | ws . arg hashed)
                | sep . arg (/-o/ . (unset | /[{#]/ . char*))
  let option    = [ label "option" . del "-o" "-o" . ((del (fold?) " " | between) . bare | sep . braced) ]
  let part (name:string) = [ label name . store column ]
  let service   = [ label "service" . store column
                  . sep . part "type" . sep . part "private" . sep . part "unpriv"
                  . sep . part "chroot" . sep . part "wakeup" . sep . part "maxproc"
                  . (sep . part "command" | ws . [ label "command" . store hashed ])
                  . (sep . (option | arg dashed) | misuse)*
                  . ( (sep . arg undashed | ws . arg hashed) . (sep . arg column | ws . arg hashed)*
                    | sep . arg /-o/ )?
                  . eol ]

  (* Comment lines, told apart by their words behind '#'. The three kinds exclude each other. *)
  let blanks    = /[ \t\v\f\r]+/
  let gap       = /[ \t\v\f\r]*/
  let types     = /inet|unix|fifo|pass|unix-dgram/
  let any       = /[^ \t\v\f\r\n]+/
  let untyped   = any - types
  let flag      = /[yn-]/
  let unflagged = /[^ \t\v\f\r\nyn-][^ \t\v\f\r\n]*|[yn-][^ \t\v\f\r\n]+/
  let second    = /[^ \t\v\f\r\n-][^ \t\v\f\r\n]*|-([^ \t\v\f\r\no][^ \t\v\f\r\n]*)?/
  let more      = /([ \t\v\f\r]+[^ \t\v\f\r\n]+)*/
  let fails (wrong:regexp) (right:regexp) (next:regexp) = blanks . (wrong . more | right . next?)
  let proseword = second . (fails untyped types
                          (fails unflagged flag (fails unflagged flag (blanks . (unflagged . more | flag)))))?
  let text      = /[^ \t\v\f\r\n]([^\n]*[^ \t\v\f\r\n])?/
  let proseline = [ label "#comment" . margin . store (/#/ . (gap . (proseword | "-o"))?) . eol ]
  let stray     = [ label "#comment" . margin . store (/#[ \t\v\f\r]*-o[ \t\v\f\r]*/ . text) . eol ]

  let sharp     = del /[ \t\v\f\r]*#[ \t\v\f\r]*/ "#"
  let dasho     = del /-o[ \t\v\f\r]*/ "-o "
  let set       = [ label "option" . dasho . store /[^ \t\v\f\r\n=]+/
                  . (del "=" "=" . margin . value text | del /=?/ "=") ]
                | [ label "option" . dasho
                  . store (/=([^\n]*[^ \t\v\f\r\n])?/ | /[^ \t\v\f\r\n=]+[ \t\v\f\r]+/ . text) ]
  let commented = [ label "commented" . sharp . store second
                  . ws . [ label "type" . store types ] . ws . [ label "private" . store flag ]
                  . ws . [ label "unpriv" . store flag ] . ws . [ label "chroot" . store flag ]
                  . ws . [ label "wakeup" . store any ]
                  . (ws . [ label "maxproc" . store any ]
                    . (ws . [ label "command" . store any ] . (ws . [ label "arg" . store any ])*)?)? . eol
                  . (proseline* . sharp . set . eol)* ]

  let blank     = [ label "#blank" . eol ]

  (* An option line below a commented-out service is its own and no other's: run holds that. *)
  let calm      = blank | proseline | stray
  let run       = commented . (commented | proseline)*
  let lns       = (service | calm | run . (service | blank))* . run?
