/**
 * What a shell is told: it asks `hansa __complete` with the words up to the cursor, and shows what comes back. The words
 * are never evaluated, so that no name of a peer's becomes a command.
 */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

const bash = `# Completion of hansa for bash. Load it with: source <(hansa completion bash)
_hansa() {
  local line=\${COMP_LINE:0:COMP_POINT} current= reply
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=\${words[-1]}
  COMPREPLY=()
  # bash breaks words at : and =, and replaces only what comes after.
  local kept=
  [[ $current == *[:=]* && $COMP_WORDBREAKS == *:* ]] && kept=\${current%"\${current##*[:=]}"}
  while IFS= read -r reply; do
    COMPREPLY+=("\${reply#"$kept"}")
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _hansa hansa
`

const zsh = `#compdef hansa
# Completion of hansa for zsh. Load it with: source <(hansa completion zsh), after compinit.
_hansa() {
  local -a replies
  replies=("\${(@f)$(\${words[1]} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  replies=(\${replies:#})
  if (( \${#replies} )); then compadd -- "\${replies[@]}"; else _files; fi
}
compdef _hansa hansa
`

const fish = `# Completion of hansa for fish. Load it with: hansa completion fish | source
function __hansa_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    hansa __complete -- $before[2..-1] "$current" 2>/dev/null
end
complete -c hansa -a '(__hansa_complete)'
`

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish }
