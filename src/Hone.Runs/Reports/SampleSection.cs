namespace Hone.Runs;

/// <summary>
/// Answers of several policies to the same prompts. All of this text is a model's or a data set's: hostile until escaped.
/// </summary>
internal static class SampleSection
{
    /// <summary>Characters from which answers get wider columns.</summary>
    private const int LongAnswer = 400;

    public static Html Render(RunResults results)
    {
        if (results.Samples.Count == 0) return Html.Empty;
        string Width(SampleAnswers sample) => sample.Answers.Any(a => a.Text.Length > LongAnswer) ? "answers long" : "answers";
        IEnumerable<Html> samples = results.Samples.Select(sample => Html.Of($"""
            <div class="sample"><div class="prompt"><p class="text"><bdi>{sample.Prompt}</bdi></p></div>
            <div class="{Width(sample)}">{Html.Join(sample.Answers.Select(Answer))}</div></div>

            """));
        return Html.Of($"<p class=\"note\">The first {results.Samples.Count} test prompts in their order, not picked.</p>\n"
            + $"{Html.Join(samples)}");
    }

    private static Html Answer(SampleAnswer answer)
    {
        List<string> scores = [];
        if (answer.RmReward is { } rm) scores.Add($"RM {Format.Typographic(Format.Number(rm, 2))}");
        if (answer.GoldReward is { } gold) scores.Add($"gold {Format.Typographic(Format.Number(gold, 2))}");
        Html cut = answer.Finished ? Html.Empty : new Html("<p class=\"cut\">cut off at the token limit</p>");
        return Html.Of($"""
            <article class="answer {ReportStyle.ColorOf(answer.Name)}">
            <header><b>{answer.Name}</b><span>{string.Join(" · ", scores)}</span></header>
            <p class="text"><bdi>{answer.Text}</bdi></p>{cut}</article>
            """);
    }
}
