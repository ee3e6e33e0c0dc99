(* Postfix master.cf, as Postfix reads it: readllines() in src/util/readlline.c cuts the text into logical
   lines, get_master_ent() in src/master/master_ent.c cuts a logical line into words, and the daemon reads its
   -o options.

   Only white space, line ends, "-o", the '=' behind an option's name and the braces of "-o { name = value }"
   are deleted; every other byte is in the tree, and each top-level node ends with its newline.

     service = NAME        type, private, unpriv, chroot, wakeup, maxproc, command, then any of
                             option = PARAMETER   -o name=value, -oname=value, -o { name = value }; value =
                                                  TEXT, none if it is empty
                             arg = WORD           any other word
                             #comment = "# ..."   a comment line before the last line of the service
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
   are not to Postfix inside of a line. Braces nest five deep in a line, those of an option counted: to Postfix
   to any depth. A group of several lines stands in the braces of an option only, holds no other such group, does
   not begin on the line of a '#' that begins the value, and groups before it on its line do not nest: two groups
   at a time would take twice the memory and four times the time to load. Refused is "-o { text }" without a '=',
   which stops the daemon, a comment before that '=', and a brace in a value that is not closed. A group in
   braces that is not an option's, and holds white space, is several args. Options behind a cluster such as "-vo"
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
  let between   = eol . empties . ([ label "#comment" . margin . store hash . eol ] . empties)+
                . del /[ \t\v\f\r]+/ "    "
  let sep       = del fold " " | between

  (* Words. One that begins with '#' cannot begin a line: that line would be a comment. *)
  let char      = /[^ \t\v\f\r\n]/
  let column    = /[^ \t\v\f\r\n#][^ \t\v\f\r\n]*/
  let dashed    = /-[^ \t\v\f\r\no-][^ \t\v\f\r\n]*|--[^ \t\v\f\r\n]+/
  let undashed  = /[^ \t\v\f\r\n#-][^ \t\v\f\r\n]*|--?/
  let hashed    = /#[^ \t\v\f\r\n]*/

  (* A value outside of braces has no white space, but for a group in braces of its own: ${name?{a b}}. *)
  let group1    = /\{[^\n{}]*\}/
  let group2    = /\{/ . (/[^\n{}]/ | group1)* . /\}/
  let group3    = /\{/ . (/[^\n{}]/ | group2)* . /\}/
  let group4    = /\{/ . (/[^\n{}]/ | group3)* . /\}/
  let group     = /\{/ . (/[^\n{}]/ | group4)* . /\}/
  let name      = /[^ \t\v\f\r\n{}=#]+/
  let value (r:regexp) = [ label "value" . store r ]
  let bare      = store name . del "=" "=" . (value (/[^ \t\v\f\r\n{]/ | group)+)?

  (* Inside the braces of an option a value has a node for each of its lines. A group may be open at the end of
     a line and be closed on a later one: open and shut are such lines, swap is both. *)
  let inside    = (/[^\n{}]/ | group1)*
  let last      = /[^ \t\v\f\r\n{}]/ | group1
  let lead      = ((/[^ \t\v\f\r\n{}#]/ | group1) . inside)?
  let swap      = lead . /\}/ . inside . /\{/ . (inside . last)?
  let open      = lead . /\{/ . (inside . last)?
  let flat      = ((/[^\n{}]/ | group4)* . (/[^ \t\v\f\r\n{}]/ | group4))?
  let shut      = lead . /\}/ . flat
  let plain     = (/[^ \t\v\f\r\n{}#]/ | group4) . flat
  let linefold  = del newline "\n    " | between
  let folded    = /[ \t\v\f\r]*/ | newline
  let lines     = value plain | value open . linefold . (value (plain | swap) . linefold)* . value shut
  let braced    = [ label "#braces" . del /\{/ "{" ] . del folded " " . store name . del folded " " . del "=" "="
                . ( ((del folded " " | between) . lines | del /[ \t\v\f\r]*/ " " . value (/#/ . flat))
                  . (linefold . lines)* )? . (del folded " " | between) . del "}" "}"

  (* What behind -o is not "name=value" makes the daemon stop with an error, but master accepts it. *)
  let unset     = name . (/[{}#]/ . char*)? | /[=}]/ . char*
  let arg (r:regexp) = [ label "arg" . store r ]
  let misuse    = sep . arg /-o/ . (sep . arg unset | ws . arg hashed)
                | sep . arg (/-o/ . (unset | /[{#]/ . char*))
  let option    = [ label "option" . del "-o" "-o" . ((del (fold?) " " | between) . bare | sep . braced) ]
  let part (name:string) = [ label name . store column ]
  let service   = [ label "service" . store column
                  . sep . part "type" . sep . part "private" . sep . part "unpriv"
                  . sep . part "chroot" . sep . part "wakeup" . sep . part "maxproc" . sep . part "command"
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
