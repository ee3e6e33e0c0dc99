# Completion of mailfix for fish: mailfix itself knows what can stand there.
function __mailfix_candidates
    set -l words (commandline -opc)
    command $words[1] complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c mailfix -f -a '(__mailfix_candidates)'
complete -c mailfix -n '__fish_seen_subcommand_from lint tree' -F
