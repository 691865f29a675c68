using System.CommandLine;
using System.CommandLine.Parsing;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary>Says what is wrong with a command line, in words of Hone's own, with the nearest known name.</summary>
internal static class Usage
{
    // Flags of lm-evaluation-harness that are no mere spelling of Hone's own.
    private static readonly Dictionary<string, string> s_harness = new()
    {
        ["--model_args"] = "Hone has a flag for each: --model FOLDER for pretrained=, --dtype, --device, --base-url for an API.",
        ["-a"] = "Hone has a flag for each of the harness's model_args: --model FOLDER for pretrained=, --dtype, --device, --base-url.",
        ["-m"] = "Hone spells it --model, and gives the model's folder to it.",
        ["-M"] = "Hone spells it --model, and gives the model's folder to it.",
        ["-t"] = "Hone spells it --tasks.",
        ["-f"] = "Hone spells it --num-fewshot.",
        ["-L"] = "Hone spells it --limit.",
        ["-b"] = "Leave it out: batches are planned by tokens.",
        ["-o"] = "Hone spells it --output-path.",
        ["-s"] = "Hone spells it --log-samples.",
        ["--include_path"] = "Hone takes a task of your own as a file: --task my-task.yaml.",
        ["--gen_kwargs"] = "Hone has --max-gen-toks and --temperature; the rest is the task's own.",
        ["--use_cache"] = "Every answer is stored under --output-path as it arrives; the same command again asks what is missing.",
        ["--confirm_run_unsafe_code"] = "Code runs in a sandbox; without one --unsafe-code is needed.",
        ["--fewshot_as_multiturn"] = "It is so with --apply-chat-template; --no-fewshot-as-multiturn turns it off.",
        ["--batch_size"] = "Leave it out: batches are planned by tokens.",
    };

    /// <summary>What is wrong, or null where nothing is.</summary>
    public static string? Problem(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        // The parser takes an unknown option for a value where one may stand, so values are looked at as well.
        IEnumerable<string> values = parsed.CommandResult.Children
            .Where(c => c is not (OptionResult { Option: TextOption } or ArgumentResult { Argument: RestArgument }))
            .SelectMany(c => c.Tokens).Select(t => t.Value);
        if (parsed.UnmatchedTokens.Concat(values).FirstOrDefault(LooksLikeOption) is { } option)
            return UnknownOption(parsed.CommandResult, option);
        if (parsed.UnmatchedTokens.Count > 0) return UnknownWord(command, parsed.UnmatchedTokens[0]);
        if (parsed.Errors.Count == 0) return null;
        // A value that is wrong says more than one that is missing.
        ParseError error = parsed.Errors.OrderBy(e => e.SymbolResult is OptionResult { IdentifierTokenCount: > 0 } ? 0 : 1).First();
        return error.SymbolResult switch
        {
            CommandResult { Command: { Subcommands.Count: > 0, Action: null } } =>
                $"{Name(command)} needs a command: {string.Join(", ", command.Subcommands.Select(c => c.Name))}\n"
                + $"  {Name(command)} --help says what each does.",
            OptionResult { Tokens: [var value, ..], Option: var o } when ExpectedKind(o) is { } kind =>
                $"{o.Name}: expected {kind}, found '{value.Value}'",
            OptionResult { Tokens: [], Option: var o, IdentifierTokenCount: > 0 } => $"{o.Name} needs a value",
            OptionResult { IdentifierTokenCount: > 1, Option: var o } => $"{o.Name} is given more than once",
            _ => Required(parsed) ?? error.Message,
        };
    }

    private static bool LooksLikeOption(string token) => token.Length > 2 && token.StartsWith("--", StringComparison.Ordinal)
        || (token.Length == 2 && token[0] == '-' && char.IsAsciiLetter(token[1]));

    private static string UnknownOption(CommandResult at, string token)
    {
        string written = token.Split('=', 2)[0];
        List<string> known = ["--help"];
        for (SymbolResult? level = at; level is CommandResult c; level = level.Parent)
            known.AddRange(c.Command.Options.Where(o => level == at || o.Recursive).Select(o => o.Name));
        string advice = Name(at.Command) == "hone eval" && s_harness.TryGetValue(written, out string? own) ? own
            : Suggest(written, known, at.Command);
        return $"{Name(at.Command)} has no option {written}\n  {advice}";
    }

    private static string UnknownWord(Command command, string word) => command.Subcommands.Count == 0
        ? $"'{word}' is one argument too many for {Name(command)}\n  {Name(command)} --help shows how it is used."
        : $"{Name(command)} has no command '{word}'\n  {Suggest(word, [.. command.Subcommands.Select(c => c.Name)], command)}";

    private static string Suggest(string written, IReadOnlyList<string> known, Command command)
    {
        // The nearest name is sought in the recipe's spelling, without dashes.
        ILookup<string, string> plain = known.Distinct().ToLookup(k => k.TrimStart('-').Replace('-', '_'));
        return NearestName.Of(written.TrimStart('-'), plain.Select(p => p.Key)) is { } near
            ? $"Did you mean {plain[near].First()}?"
            : $"{Name(command)} --help lists all there are.";
    }

    private static string? Required(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string[] missing =
        [
            .. command.Options.Where(o => o.Required && parsed.GetResult(o) is not { IdentifierTokenCount: > 0 }).Select(o => o.Name),
            .. command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(a) is not { Tokens.Count: > 0 })
                .Select(a => a.Name.ToUpperInvariant()),
        ];
        return missing.Length == 0
            ? null
            : $"{Name(command)} needs {string.Join(" and ", missing)}\n  {Name(command)} --help shows how it is used.";
    }

    private static string? ExpectedKind(Option option)
    {
        Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return type == typeof(int) ? "a whole number" : type == typeof(double) ? "a number" : null;
    }

    private static string Name(Command command) => command is RootCommand ? "hone"
        : string.Join(' ', Ancestors(command).Reverse().Prepend("hone"));

    private static IEnumerable<string> Ancestors(Command command)
    {
        for (Command? at = command; at is not null and not RootCommand; at = at.Parents.OfType<Command>().FirstOrDefault())
            yield return at.Name;
    }
}

/// <summary>An option whose value is any text, which may begin with dashes.</summary>
internal sealed class TextOption(string name) : Option<string?>(name);
