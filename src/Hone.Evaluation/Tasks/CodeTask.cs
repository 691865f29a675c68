using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>What HumanEval and MBPP share: samples become programs, programs get verdicts, verdicts become pass@k.</summary>
internal static partial class CodeTask
{
    /// <summary>
    /// The unbiased estimate that one of k samples passes, from n samples of which c passed: 1 - C(n-c, k) / C(n, k)
    /// (Chen et al. 2021, arXiv 2107.03374, eq. 1).
    /// </summary>
    public static double PassAtK(int n, int c, int k)
    {
        if (n - c < k) return 1;
        double none = 1;
        for (int i = n - c + 1; i <= n; i++) none *= 1 - ((double)k / i);
        return 1 - none;
    }

    private static readonly int[] s_ks = [1, 10, 100];

    /// <summary>pass@1, and pass@10 and pass@100 where there are as many samples.</summary>
    public static int[] Ks(int samples) => [.. s_ks.Where(k => k <= samples)];

    public static IReadOnlyList<string> Metrics(int samples, string filter = "none") => [.. Ks(samples).Select(k => $"pass@{k},{filter}")];

    public static IReadOnlyList<GenerateRequest> Requests(ModelPrompt prompt, IReadOnlyList<string> stops,
        int tokens, TaskOptions options) =>
        [.. Enumerable.Range(0, options.Samples).Select(s => new GenerateRequest(prompt, new GenerateOptions
        {
            MaxNewTokens = tokens,
            StopStrings = stops,
            Temperature = options.Samples > 1 ? (options.Temperature > 0 ? options.Temperature : 0.8) : options.Temperature,
            Seed = (ulong)s,
        }))];

    /// <summary>Grades every sample of every item.</summary>
    /// <param name="job">An item and an answer's text, to the program and its tests.</param>
    public static GradeItems Grade(TaskOptions options, Func<EvalItem, string, CodeJob> job, string filter = "none") =>
        async (items, cancel) =>
    {
        GradePrograms grade = options.GradePrograms
            ?? throw new InputException("this task runs code that a model wrote, and there is no sandbox here",
                fix: "Install bubblewrap, or give --predict-only and grade elsewhere.");
        CodeJob[] jobs = [.. items.SelectMany(i => i.Replies.Answers.Select(a => job(i.Item, a.Text)))];
        IReadOnlyList<CodeVerdict> verdicts = await grade(jobs, cancel).ConfigureAwait(false);
        var grades = new ItemGrade[items.Count];
        int at = 0;
        for (int i = 0; i < grades.Length; i++)
        {
            int n = items[i].Replies.Answers.Count;
            CodeVerdict[] own = [.. verdicts.Skip(at).Take(n)];
            at += n;
            grades[i] = new ItemGrade(Ks(n).ToDictionary(k => $"pass@{k},{filter}", k => PassAtK(n, own.Count(v => v.Passed), k)))
            {
                Extracted =
                    new Dictionary<string, string> { [filter] = string.Join('\n', own.Select(v => v.Passed ? "passed" : v.Reason)) },
                Flags = own.Any(v => v.TimedOut) ? ["timed_out"] : [],
            };
        }
        return grades;
    };

    /// <summary>
    /// The code of an answer that began inside of a block: up to its closing fence. A model that was not let begin there
    /// opens a block of its own: then that one.
    /// </summary>
    public static string FencedCode(string answer)
    {
        Match own = OwnBlock().Match(answer);
        if (own.Success) return own.Groups[1].Value;
        int end = answer.IndexOf("```", StringComparison.Ordinal);
        return end < 0 ? answer : answer[..end];
    }

    // A fence that names the language opens a block, a closing one never does.
    [GeneratedRegex(@"\A[^`]*```(?:python3?|py)[ \t]*\r?\n(.*?)(?:```|\z)", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex OwnBlock();
}
