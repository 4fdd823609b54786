using System.Collections.Immutable;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Completing;

/// <summary>Scripts that make a shell ask <c>pbm __complete</c> at each Tab, so that they know the commands of whatever host is meant.</summary>
internal static class CompletionScripts
{
    // The line is split by blanks here: bash itself breaks words at ':' and '=', and puts back only what is behind the last one; at '@'
    // too, which is then the word's first character.
    private const string Bash = """
        # bash completion of pbm: source <(pbm completion bash)
        _pbm() {
            local line="${COMP_LINE:0:COMP_POINT}" words word out text
            read -ra words <<< "$line"
            if [[ "$line" == *[[:space:]] ]]; then words+=(""); fi
            word="${words[${#words[@]}-1]}"
            COMPREPLY=()
            out="$("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)" || return 0
            if [[ "$out" == ":files"* ]]; then
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
                return 0
            fi
            local breaks="${COMP_WORDBREAKS//[^:=]/}" kept=""
            if [[ -n "$breaks" ]]; then kept="${word%"${word##*["$breaks"]}"}"; fi
            text="${word#"$kept"}"
            if [[ "$COMP_WORDBREAKS" == *@* && "$text" == *@* ]]; then kept+="${text%@*}"; fi
            while IFS=$'\t' read -r text _; do
                [[ -n "$text" ]] && COMPREPLY+=("${text#"$kept"}")
            done <<< "$out"
            return 0
        }
        complete -F _pbm pbm

        """;

    private const string Zsh = """
        #compdef pbm
        # zsh completion of pbm: source <(pbm completion zsh), or as _pbm in a folder of $fpath
        _pbm() {
            local out line
            local -a found
            out="$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)" || return 1
            if [[ "$out" == :files* ]]; then
                _files
                return
            fi
            for line in ${(f)out}; do
                found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
            done
            _describe 'pbm' found
        }
        if [[ "${funcstack[1]}" == "_pbm" ]]; then
            _pbm "$@"
        else
            compdef _pbm pbm
        fi

        """;

    private const string Fish = """
        # fish completion of pbm: pbm completion fish | source
        function __pbm_complete
            set -l words (commandline -opc)
            set -l out ($words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null)
            if string match -q ':files*' -- $out[1]
                __fish_complete_path (commandline -ct)
            else
                printf '%s\n' $out
            end
        end
        complete -c pbm -f -a '(__pbm_complete)'

        """;

    public static ImmutableArray<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <returns>The exit code.</returns>
    public static int Print(IReadOnlyList<string> arguments, ITerminal terminal)
    {
        terminal.Out.Write(arguments switch
        {
            ["bash"] => Bash,
            ["zsh"] => Zsh,
            ["fish"] => Fish,
            _ => throw new PbmException(PbmExit.Usage, "usage: pbm completion bash|zsh|fish"),
        });
        terminal.Out.Flush();
        return PbmExit.Ok;
    }
}
