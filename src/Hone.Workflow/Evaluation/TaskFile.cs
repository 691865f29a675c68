using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Evaluation;

namespace Hone.Workflow;

/// <summary>
/// A benchmark of one's own as a small YAML file: rows, a prompt over their columns, and either choices whose likelihoods are compared
/// or an answer that must match. docs/evaluation.md lists the keys.
/// </summary>
public static class TaskFile
{
    private static readonly string[] s_choiceMetrics = ["acc", "acc_norm"], s_answerMetrics = ["exact_match"];

    /// <summary>The task of a file. Its rows' path counts from the file's folder.</summary>
    /// <param name="options">Settings of the run; its number of examples goes before the file's, its data folders are not used.</param>
    /// <exception cref="InputException">The file, a key, a template or a row is wrong; where it stands is told.</exception>
    public static EvalTask Load(string path, TaskOptions options)
    {
        TaskKeys keys = TaskKeys.Read(path);
        string rowsFile = keys.Path("data");
        TaskRow[] rows = [.. Rows(rowsFile)];
        int shots = options.NumFewshot ?? keys.Number("num_fewshot", least: 0) ?? 0;
        string poolFile = shots > 0 && keys.Has("fewshot_data") ? keys.Path("fewshot_data") : rowsFile;
        TaskRow[] pool = shots == 0 ? [] : poolFile == rowsFile ? rows : [.. Rows(poolFile)];
        var prompt = keys.Template("prompt", rows[0]);
        var target = keys.Template("target", rows[0]);
        Func<TaskRow, string[]>? choices = keys.Has("choices") ? keys.Choices("choices", rows[0]) : null;
        keys.Refuse(choices is not null ? ["extract", "stop", "max_gen_toks"] : [], "is for tasks without `choices`");
        string[] known = choices is null ? s_answerMetrics : s_choiceMetrics;
        string[] metrics = [.. keys.Words("metric", known) ?? known];

        string Answer(TaskRow row) => choices is null ? target(row) : choices(row)[Gold(target(row), choices(row), row)];
        IReadOnlyList<TaskRow>[] examples = Examples(rows, pool, shots, options.FewshotSeed, poolFile == rowsFile);
        ModelPrompt Prompt(int i) => options.Prompt(keys.Text("description") ?? "",
            [.. examples[i].Select(e => (prompt(e), Answer(e)))], prompt(rows[i]));
        var task = new EvalTask
        {
            Name = keys.Text("task") ?? Path.GetFileNameWithoutExtension(path),
            Version = "file",
            NumFewshot = shots,
            Settings = options.Settings(("output_type", choices is null ? "generate_until" : "multiple_choice"),
                ("fewshot", poolFile == rowsFile ? "sampled from the other rows" : $"sampled from {Path.GetFileName(poolFile)}")),
            Files = QuestionFile.Digests(((string[])[path, rowsFile, poolFile]).Distinct()),
            Metrics = [.. metrics.Select(m => $"{m},none")],
            Items = [],
            Grade = (_, _) => throw new InvalidOperationException(),
        };
        return choices is null
            ? Answers(task, keys, rows, Prompt, target)
            : Likelihoods(task, rows, row => choices(row), row => Gold(target(row), choices(row), row), Prompt, options);
    }

    private static EvalTask Likelihoods(EvalTask task, TaskRow[] rows, Func<TaskRow, string[]> choices, Func<TaskRow, int> gold,
        Func<int, ModelPrompt> prompt, TaskOptions options) => task with
        {
            Items = [.. rows.Select((row, i) => MultipleChoice.Item(i, row.Doc, gold(row), choices(row), prompt(i), options))],
            Grade = MultipleChoice.Each((item, replies) => Only(task, MultipleChoice.Grade(
                replies, choices(rows[Number(item.Id)]), Number(item.Target)))),
        };

    private static EvalTask Answers(
        EvalTask task, TaskKeys keys, TaskRow[] rows, Func<int, ModelPrompt> prompt, Func<TaskRow, string> target)
    {
        Regex? extract = keys.Pattern("extract");
        var options = new GenerateOptions
        {
            MaxNewTokens = keys.Number("max_gen_toks", least: 1) ?? 256,
            StopStrings = keys.Words("stop") ?? ["\n\n"],
        };
        return task with
        {
            Settings = new Dictionary<string, string>(task.Settings)
            {
                ["until"] = string.Join(' ', options.StopStrings.Select(s => JsonValue.Create(s).ToJsonString())),
                ["max_gen_toks"] = $"{options.MaxNewTokens}",
                ["extract"] = extract is null ? "the whole answer, trimmed" : $"{extract}",
            },
            Items = [.. rows.Select((row, i) => new EvalItem
            {
                Id = $"{i}",
                Doc = row.Doc,
                Target = target(row).Trim(),
                Generations = [new GenerateRequest(prompt(i), options)],
            })],
            Grade = MultipleChoice.Each((item, replies) =>
            {
                string answer = replies.Answers[0].Text;
                string? taken = extract is null ? answer : First(extract, answer);
                return new ItemGrade(new Dictionary<string, double> { ["exact_match,none"] = taken?.Trim() == item.Target ? 1 : 0 })
                {
                    Extracted = new Dictionary<string, string> { ["none"] = taken?.Trim() ?? "[invalid]" },
                    Flags = taken is null ? ["not_parsed"] : [],
                };
            }),
        };
    }

    /// <summary>
    /// The first group that took part, or the whole match where the pattern has none; null where nothing matched, or not in time.
    /// </summary>
    private static string? First(Regex extract, string answer)
    {
        try
        {
            Match match = extract.Match(answer);
            return !match.Success ? null
                : match.Groups.Count == 1 ? match.Value : match.Groups.Values.Skip(1).FirstOrDefault(g => g.Success)?.Value;
        }
        catch (RegexMatchTimeoutException)
        {
            return null; // one answer, which is flagged, must not end an evaluation
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static ItemGrade Only(EvalTask task, ItemGrade grade) =>
        grade with { Metrics = grade.Metrics.Where(m => task.Metrics.Contains(m.Key)).ToDictionary() };

    /// <summary>The right choice: the target is its text, its letter, or its position from 0, in this order.</summary>
    private static int Gold(string target, string[] choices, TaskRow row)
    {
        target = target.Trim();
        int at = Array.FindIndex(choices, c => c.Trim() == target);
        if (at < 0 && target is [>= 'A' and <= 'Z' and var letter]) at = letter - 'A';
        if (at < 0 && int.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out int position)) at = position;
        return at >= 0 && at < choices.Length ? at : throw new InputException(
            $"the target `{target}` is none of the choices {string.Join(", ", choices.Select(c => $"`{c}`"))}", row.Where,
            "Let `target` give a choice's text, its letter, or its position from 0.");
    }

    private static IReadOnlyList<TaskRow>[] Examples(TaskRow[] rows, TaskRow[] pool, int shots, int seed, bool same)
    {
        int most = same ? pool.Length - 1 : pool.Length;
        if (shots > 0 && shots > most) throw new InputException($"{shots} examples are asked for, there are {most}",
            fix: "Lower num_fewshot, or name a file with more rows as fewshot_data.");
        var random = new PythonRandom(seed);
        // As the harness: one more is drawn where the question itself is among the rows, and taken out again.
        return [.. rows.Select(row => shots == 0 ? (IReadOnlyList<TaskRow>)[] : same
            ? [.. random.Sample(pool, shots + 1).Where(e => !ReferenceEquals(e, row)).Take(shots)]
            : random.Sample(pool, shots))];
    }

    private static IEnumerable<TaskRow> Rows(string path)
    {
        IReadOnlyList<JsonObject> rows = QuestionFile.Read(path);
        return rows.Count > 0 ? rows.Select((row, i) => new TaskRow(row, $"{path}, row {i + 1}"))
            : throw new InputException("the file has no rows", path);
    }
}

/// <summary>A row of a task's data, and how messages name it.</summary>
internal sealed record TaskRow(JsonObject Doc, string Where);
