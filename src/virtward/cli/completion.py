"""`completion`: the scripts that let a shell complete words.

Rule: a script only takes the line apart and asks `virtward __complete -- WORDS...`, the last word being the one at
the cursor; what fits is known to `complete` alone. A candidate that ends in `/` or `=` gets no space after it.
"""

from .shell import Call

# Bash breaks words at ':', '=' and '@' and expects what comes after the last of them. COMP_WORDS has the pieces;
# the line itself is taken instead, where there is one.
_BASH = r"""# bash completion for virtward
_virtward() {
    local line words=() cur candidate breaks head= spaceless=1
    if [[ -n ${COMP_LINE-} ]]; then
        line=${COMP_LINE:0:COMP_POINT}
        read -r -a words <<<"$line"
        [[ $line == *[[:space:]] ]] && words+=("")
    else
        words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    fi
    words=("${words[@]:1}")
    words=("${words[@]//[\'\"]/}")
    cur=${words[${#words[@]}-1]}
    breaks=${COMP_WORDBREAKS//[^@:=]/}
    if [[ -n ${COMP_LINE-} && -n $breaks && $cur == *[$breaks]* ]]; then
        head=${cur%"${cur##*[$breaks]}"}
    fi
    COMPREPLY=()
    while IFS= read -r candidate; do
        [[ -n $candidate ]] || continue
        [[ $candidate == *[/=] ]] || spaceless=0
        printf -v candidate %q "${candidate#"$head"}"
        COMPREPLY+=("$candidate")
    done < <("${1:-virtward}" __complete -- "${words[@]}" 2>/dev/null)
    ((spaceless)) && [[ ${#COMPREPLY[@]} -gt 0 ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _virtward virtward
"""

_ZSH = r"""#compdef virtward
# zsh completion for virtward
_virtward() {
    local -a candidates spaced spaceless
    local candidate
    candidates=("${(@f)$("${words[1]}" __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for candidate in $candidates; do
        if [[ $candidate == *[/=] ]]; then spaceless+=("$candidate"); else spaced+=("$candidate"); fi
    done
    (( $#spaced )) && compadd -a spaced
    (( $#spaceless )) && compadd -S '' -a spaceless
}
if [[ $funcstack[1] == _virtward ]]; then _virtward "$@"; else compdef _virtward virtward; fi
"""

_FISH = r"""# fish completion for virtward
function __virtward_complete
    set -l words (commandline -opc) (commandline -ct)
    command $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c virtward -f -a '(__virtward_complete)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def run(call: Call) -> int:
    """0 always: the shells are those of the row."""
    call.shell.stdout.write(_SCRIPTS[call.text("shell")])
    return 0
