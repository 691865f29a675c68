using System.CommandLine;

namespace Hone.Cli;

/// <summary><c>hone completion SHELL</c>: a script that completes verbs, flags and their values as they are typed.</summary>
internal static class CompletionVerb
{
    public const string Name = "completion";

    // Each asks `hone completion --at POSITION --line LINE` and falls back to names of files.
    private const string Bash = """
        _hone() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(hone completion --at "$COMP_POINT" --line "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _hone hone
        """;

    private const string Zsh = """
        #compdef hone
        _hone() {
            local -a words_of_hone
            words_of_hone=("${(@f)$(hone completion --at "$CURSOR" --line "$BUFFER" 2>/dev/null)}")
            if [[ -n "$words_of_hone" ]]; then compadd -a words_of_hone; else _files; fi
        }
        compdef _hone hone
        """;

    private const string Fish = """
        function __hone_complete
            hone completion --at (commandline -C) --line (commandline) 2>/dev/null
        end
        complete -c hone -a '(__hone_complete)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName hone -ScriptBlock {
            param($word, $line, $position)
            hone completion --at $position --line "$line" 2>$null |
                Where-Object { $_ -like "$word*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    public static Command Create(Streams io)
    {
        var shell = new Argument<string?>("shell") { Description = "bash, zsh, fish or powershell.", Arity = ArgumentArity.ZeroOrOne };
        shell.CompletionSources.Add("bash", "zsh", "fish", "powershell");
        var line = new TextOption("--line") { Description = "A command line to complete, as the script gives it.", Hidden = true };
        var at = new Option<int?>("--at") { Description = "Where in it the cursor stands, from 0.", Hidden = true };
        var command = new Verb(Name, "Print a script that makes a shell complete verbs, flags and values.", """
            Examples:
              hone completion bash >> ~/.bashrc
              hone completion zsh >> ~/.zshrc
              hone completion fish > ~/.config/fish/completions/hone.fish
              hone completion powershell >> $PROFILE
            """)
        { shell, line, at };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            if (parsed.GetValue(line) is { } typed)
            {
                foreach (string word in Words(Cli.Commands(io), typed, parsed.GetValue(at) ?? typed.Length)) io.Out.WriteLine(word);
                return 0;
            }
            io.Out.WriteLine(parsed.GetValue(shell)?.ToLowerInvariant() switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                "powershell" or "pwsh" => PowerShell,
                null => throw new InputException("completion needs SHELL", fix: "Give bash, zsh, fish or powershell."),
                string other => throw new InputException($"there is no script for {other}", fix: "Give bash, zsh, fish or powershell."),
            });
            return 0;
        });
        return command;
    }

    /// <summary>What may stand where the cursor is: verbs, flags, or values of a flag; none where it is a path or a number.</summary>
    private static IEnumerable<string> Words(RootCommand root, string line, int at)
    {
        at = Math.Clamp(at, 0, line.Length);
        // The program's own name is no argument of it.
        int begun = line.IndexOf(' ', StringComparison.Ordinal);
        if (begun < 0 || begun >= at) return [];
        string rest = line[(begun + 1)..];
        return root.Parse(rest).GetCompletions(at - begun - 1)
            .Select(c => c.InsertText ?? c.Label)
            .Where(word => word is not ("-?" or "-h" or "/?" or "/h" or "--help" or "--version"))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }
}
