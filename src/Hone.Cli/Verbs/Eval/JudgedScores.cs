using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Text;

namespace Hone.Cli;

/// <summary>From a file of judgments to figures under upstream's names: the flags for it, and how it is done.</summary>
internal sealed class JudgedScores
{
    private readonly Option<string?> _control = new("--lc-data")
    {
        Description = "alpaca_eval: folder with df_gamed.csv, "
            + "or with instruction_difficulty*.csv and the gamed baselines; without it no length control.",
    };
    private readonly Option<double?> _c = new("--lc-C")
    {
        Description = "alpaca_eval: inverse strength of the penalty; default: cross-validated.",
    };
    private readonly Option<string?> _baseline = new("--baseline")
    {
        Description = "arena_hard: the model that all are measured against (default gpt-4-0314); "
            + "mt_bench_pair: count matches against this model only.",
    };
    private readonly Option<string> _verdicts = new("--verdicts")
    {
        Description = "arena_hard: 2024 (the published leaderboard's rule, default), today, or own (the last label outside of reasoning).",
        DefaultValueFactory = _ => "2024",
    };
    private readonly Option<string[]> _styles = new("--style-control")
    {
        Description = "arena_hard: files with the answers of the model and of the baseline, whose length and Markdown are held equal.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> _tokenizer = new("--tokenizer")
    {
        Description = "With --style-control: count lengths with the tokenizer of this folder, in place of the files' token_len.",
    };

    public JudgedScores(Command command)
    {
        foreach (Option option in (Option[])[_control, _c, _baseline, _verdicts, _styles, _tokenizer]) command.Add(option);
    }

    public ArenaVerdictRule Rule(ParseResult parsed) => parsed.GetRequiredValue(_verdicts) switch
    {
        "2024" => ArenaVerdictRule.Of2024,
        "today" => ArenaVerdictRule.Today,
        "own" => ArenaVerdictRule.Own,
        string other => throw new InputException($"--verdicts is {other}, it must be 2024, today or own"),
    };

    /// <summary>Figures of every model that the file judges.</summary>
    /// <param name="lcData">Where length control's data are, where the flag does not say.</param>
    /// <param name="baseline">Arena-Hard's baseline, where the flag does not say.</param>
    public IReadOnlyList<(string Model, JsonObject Figures)> Of(
        string task, string file, ParseResult parsed, Streams io, string? lcData = null, string? baseline = null) =>
        task switch
        {
            "alpaca_eval" => [Alpaca(file, parsed.GetValue(_control) ?? lcData, parsed.GetValue(_c))],
            "mt_bench" => [.. MtBenchScore.OfFile(file).Select(s => (s.Model, Json(s)))],
            "mt_bench_pair" => [.. MtBenchPairScore.OfFile(file, parsed.GetValue(_baseline)).Select(s => (s.Model, Json(s)))],
            "arena_hard" => [.. ArenaHardScore.OfFile(file, parsed.GetValue(_baseline) ?? baseline ?? ArenaHardScore.Baseline,
                rule: Rule(parsed), styles: Styles(parsed, io)).Select(s => (s.Model, Json(s)))],
            string other => throw new InputException($"there is no benchmark `{other}` to score",
                fix: $"There are {string.Join(", ", JudgedData.Tasks.Select(t => t.Name))}, humaneval, mbpp and gsm8k."),
        };

    public static void Print(Streams io, string model, JsonObject figures)
    {
        io.Out.WriteLine(model);
        foreach ((string name, JsonNode? value) in figures)
            if (name != "model" && value is not null) io.Out.WriteLine($"  {name,-26} {Text(value)}");
    }

    // A figure of several repeats is an object of mean, sd, min, max and n.
    private static string Text(JsonNode value) => value switch
    {
        JsonObject spread => $"{Text(spread["mean"]!)}  sd {(spread["sd"] is { } sd ? Text(sd) : "none")}, "
            + $"{Text(spread["min"]!)} to {Text(spread["max"]!)} in {Text(spread["n"]!)} repeats",
        JsonValue v when v.GetValueKind() == JsonValueKind.Number => double.Parse(v.ToJsonString(), CultureInfo.InvariantCulture)
            .ToString("0.####", CultureInfo.InvariantCulture),
        _ => value.ToJsonString(),
    };

    private static (string, JsonObject) Alpaca(string file, string? control, double? c)
    {
        IReadOnlyList<AlpacaAnnotation> rows = AlpacaAnnotation.Read(file);
        JsonObject figures = Json(AlpacaEvalScore.Of(rows, control is null ? null : LengthControl.Load(control), c));
        figures.Insert(0, "model", rows[0].Model);
        return (rows[0].Model, figures);
    }

    private Func<string, string, ArenaStyle>? Styles(ParseResult parsed, Streams io)
    {
        if (parsed.GetValue(_styles) is not { Length: > 0 } files) return null;
        Tokenizer? tokenizer = parsed.GetValue(_tokenizer) is { } folder ? Tokenizer.Load(io.Model(folder)) : null;
        var styles = new Dictionary<(string, string), ArenaStyle>();
        foreach (string file in files)
        {
            foreach (ArenaAnswer answer in ArenaAnswer.Read(file).Values)
            {
                int tokens = tokenizer?.Encode(answer.Text).Length ?? answer.TokenLength
                    ?? throw new InputException($"the answer to {answer.QuestionId} has no token_len", file,
                        "Give --tokenizer with a model's folder, so that all lengths are counted alike.");
                styles[(answer.Model, answer.QuestionId)] = ArenaStyle.Of(answer.Text, tokens);
            }
        }
        return (model, question) => styles.TryGetValue((model, question), out ArenaStyle style) ? style
            : throw new InputException($"--style-control has no answer of {model} to question {question}",
                fix: "Give one file of answers for each model in the judgments.");
    }

    private static JsonObject Json<T>(T score) => JsonSerializer.SerializeToNode(score)!.AsObject();
}
