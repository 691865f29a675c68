namespace Hone.Cli.Tests;

public class UsageTests
{
    public static TheoryData<string> Verbs =>
    [
        "quickstart", "run", "sft", "reward", "sample", "score", "pair", "dpo",
        "board", "chat", "serve", "recipe init", "recipe show", "recipe validate",
        "tokenize", "render", "logprobs", "runs", "report", "doctor", "version", "world-base", "pull", "export",
        "data inspect", "help", "completion", "launch", "eval", "eval list",
        "eval score", "eval answer", "eval judge", "eval table", "compare",
    ];

    [Theory]
    [InlineData("smaple", "hone has no command 'smaple'", "Did you mean sample?")]
    [InlineData("recipe shwo", "hone recipe has no command 'shwo'", "Did you mean show?")]
    [InlineData("sft --modle m --data d --output o", "hone sft has no option --modle", "Did you mean --model?")]
    [InlineData("sft --data d --modle m --output o", "hone sft has no option --modle", "Did you mean --model?")]
    [InlineData("run --rsume folder", "hone run has no option --rsume", "Did you mean --resume?")]
    [InlineData("sample --max_new_tokens=3", "hone sample has no option --max_new_tokens", "Did you mean --max-new-tokens?")]
    [InlineData("chat model --entirely-other", "hone chat has no option --entirely-other", "hone chat --help")]
    [InlineData("chat model -t 3", "hone chat has no option -t", "hone chat --help")]
    [InlineData("version extra", "'extra' is one argument too many", "hone version --help")]
    [InlineData("sft --output o", "hone sft needs --model and --data", "hone sft --help")]
    [InlineData("recipe show", "hone recipe show needs RECIPE", "hone recipe show --help")]
    [InlineData("help smaple", "hone has no command 'smaple'", "Did you mean sample?")]
    [InlineData("recipe", "hone recipe needs a command: init, show, validate", "hone recipe --help")]
    [InlineData("", "hone needs a command: quickstart", "hone --help")]
    [InlineData("sample --n many", "--n: expected a whole number, found 'many'", "")]
    [InlineData("chat model --temperature hot", "--temperature: expected a number, found 'hot'", "")]
    [InlineData("sft --model", "--model needs a value", "")]
    [InlineData("sft --model a --model b --data d --output o", "--model is given more than once", "")]
    [InlineData("sft --model a --data b --output c --set epochs", "expected key=value", "--set online.beta=0.2")]
    [InlineData("sft --model a --data b --output c --set sft.epohcs=2", "unknown key 'epohcs' in sft", "Did you mean 'epochs'?")]
    [InlineData("run", "needs a recipe", "hone recipe init")]
    [InlineData("sample --model a --prompts b --output c --temperature -1", "--temperature is -1", "0 or above")]
    [InlineData("sample --model a --prompts b --output c --n 0", "--n is 0", "1 or above")]
    public void A_wrong_command_line_is_told_with_the_nearest_name(string line, string what, string fix)
    {
        string error = Command.Refused(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains(what, error, StringComparison.Ordinal);
        Assert.Contains(fix, error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_verb_has_help_with_an_example(string verb)
    {
        Result help = Command.Run([.. verb.Split(' '), "--help"]);
        Assert.Equal(0, help.Code);
        Assert.Empty(help.Error);
        foreach (string flag in new[] { "--json", "--verbose" }) Assert.Contains(flag, help.Out, StringComparison.Ordinal);
        if (verb is not ("doctor" or "version")) Assert.Contains($"\n  hone {verb}", help.Out, StringComparison.Ordinal);
        // An option without a description is a line that ends after its name.
        Assert.DoesNotMatch(@"(?m)^  --\S+( <\S+>)?( \(REQUIRED\))?\s*$", help.Out);
    }

    [Theory]
    [InlineData("help")]
    [InlineData("help sft")]
    [InlineData("help recipe init")]
    public void Help_is_a_verb_too(string line)
    {
        Result help = Command.Done(line.Split(' '));
        Assert.Equal(Command.Done([.. line.Split(' ').Skip(1), "--help"]).Out, help.Out);
        Assert.NotEmpty(help.Out);
    }

    /// <summary>What holds where a flag is left out is said in its help.</summary>
    [Theory]
    [InlineData("sft", "--lr <lr>", "default 2e-05")]
    [InlineData("dpo", "--beta <beta>", "default 0.1")]
    [InlineData("dpo", "--loss <loss>", "default sigmoid")]
    [InlineData("reward", "--batch-size <batch-size>", "default 512")]
    [InlineData("sft", "--seed <seed>", "42")]
    [InlineData("sft", "--device <device>", "auto where it says nothing")]
    public void Help_says_the_defaults(string verb, string option, string usual)
    {
        string help = string.Join(' ', Command.Done(verb, "--help").Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        int at = help.IndexOf(option, StringComparison.Ordinal);
        Assert.True(at >= 0, help);
        Assert.Contains(usual, help[at..Math.Min(help.Length, at + 200)], StringComparison.Ordinal);
    }

    [Fact]
    public void The_list_of_verbs_is_complete()
    {
        string help = Command.Run("--help").Out;
        Assert.Equal(help, Command.Done("help").Out);
        Assert.Contains("\nTraining, stage by stage\n  sft ", help, StringComparison.Ordinal);
        IEnumerable<string> listed = help.Split('\n')
            .Where(l => l.StartsWith("  ", StringComparison.Ordinal) && l[2] != ' ').Select(l => l.Trim().Split(' ')[0]);
        Assert.Equal(Verbs.Select(v => v.Data.Split(' ')[0]).Distinct().Order(), listed.Order());
    }

    [Fact]
    public void A_new_run_has_no_stage_to_do_again()
    {
        using var folder = new TempFolder();
        Assert.Contains("--resume", Command.Refused("quickstart", "--output", folder.File("run"), "--redo", "sft"),
            StringComparison.Ordinal);
        Assert.False(Path.Exists(folder.File("run")));
    }

    [Fact]
    public void A_stack_trace_is_shown_on_request_only()
    {
        string[] args = ["chat", "no-such-folder"];
        Assert.DoesNotContain("   at ", Command.Run(args).Error, StringComparison.Ordinal);
        Assert.Contains("   at ", Command.Run([.. args, "--verbose"]).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hone sf", "sft")]
    [InlineData("hone sft --te", "--template")]
    [InlineData("hone recipe va", "validate")]
    [InlineData("hone data inspect --kind pre", "preferences")]
    [InlineData("hone completion f", "fish")]
    public void A_begun_word_is_completed(string line, string word) =>
        Assert.Equal(word, Command.Done("completion", "--line", line, "--at", $"{line.Length}").Out.Trim());

    [Theory]
    [InlineData("bash", "complete -o default -F _hone hone")]
    [InlineData("zsh", "compdef _hone hone")]
    [InlineData("fish", "complete -c hone")]
    [InlineData("powershell", "Register-ArgumentCompleter")]
    public void Each_shell_has_its_script(string shell, string line) =>
        Assert.Contains(line, Command.Done("completion", shell).Out, StringComparison.Ordinal);

    /// <summary>The script as bash runs it when the tab key is pressed after <c>hone tok</c> and after a flag of files.</summary>
    [Theory]
    [InlineData("hone tok", "tokenize")]
    [InlineData("hone sft --te", "--template")]
    [InlineData("hone sft --data ", "")]
    public async Task The_script_completes_in_a_real_bash(string line, string word)
    {
        const string Shell = "/bin/bash";
        if (!File.Exists(Shell)) Assert.Skip($"{Shell} is missing");
        string script = $$"""
            hone() { dotnet '{{typeof(Cli).Assembly.Location}}' "$@"; }
            source /dev/stdin <<'SCRIPT'
            {{Command.Done("completion", "bash").Out}}
            SCRIPT
            COMP_LINE='{{line}}'; COMP_POINT={{line.Length}}
            IFS=' ' read -r -a COMP_WORDS <<< "$COMP_LINE "
            [ "${COMP_LINE% }" = "$COMP_LINE" ] || COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _hone; printf '%s\n' "${COMPREPLY[@]}"
            """;
        using var bash = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Shell, ["--norc", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Result result = await Command.End(bash);
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(word, result.Out.Trim());
    }
}
