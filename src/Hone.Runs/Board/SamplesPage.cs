using System.Diagnostics;
using Hone.Text;

namespace Hone.Runs;

/// <summary>
/// Samples of a run, a few prompts at a time: all answers with their rewards, those that were paired marked. A search goes through the
/// rows from where it was begun for about a second, and can be gone on with.
/// </summary>
internal static class SamplesPage
{
    private const int PerPage = 10, LongText = 1200;
    private static readonly TimeSpan s_searchTime = TimeSpan.FromSeconds(1);
    private static readonly (string Value, string Title)[]
        s_ofPolicies =
        [
            ("", "all"), ("better", "the last policy better than SFT"), ("worse", "the last policy worse than SFT"),
            ("cut", "an answer cut off"),
        ],
        s_ofIteration = [("", "all"), ("paired", "paired"), ("unpaired", "not paired"), ("cut", "an answer cut off")];

    public static Html Render(BoardRun run, PageAddress address, SampleReader reader)
    {
        IReadOnlyList<SampleSet> sets = reader.Sets(run);
        if (sets.Count == 0) return new Html("<p>No answer has been sampled yet. The first ones come with the first online iteration.</p>");
        SampleSet set = sets.FirstOrDefault(s => s.Name == address.Get("set")) ?? sets[0];
        int from = Math.Min(address.Number("at", 0), set.Count);
        (IReadOnlyList<ShownSample> found, int next) = Find(set, address.Get("q"), address.Get("only"), from);
        bool filtered = address.Get("q").Length + address.Get("only").Length > 0;
        return Html.Of($"""
            {Form(sets, set, address)}
            <p class="note" role="status">{Count(set, found.Count, from, next, filtered)}</p>
            {Html.Join(found.Select(s => Card(s, set)))}
            <nav class="pages" aria-label="Rows">{Turn(set, from, next, filtered, address)}</nav>
            """);
    }

    /// <returns>The rows that fit, and the row to go on from.</returns>
    private static (IReadOnlyList<ShownSample> Found, int Next) Find(SampleSet set, string text, string only, int from)
    {
        List<ShownSample> found = [];
        long begun = Stopwatch.GetTimestamp();
        int row = from;
        for (; row < set.Count && found.Count < PerPage && Stopwatch.GetElapsedTime(begun) < s_searchTime; row++)
            if (set.Read(row) is { } sample && Holds(sample, text) && Fits(sample, only)) found.Add(sample);
        return (found, row);
    }

    private static bool Holds(ShownSample sample, string text) => text.Length == 0
        || sample.Prompt.Select(m => m.Content).Concat(sample.Answers.Select(a => a.Text))
            .Any(t => t.Contains(text, StringComparison.OrdinalIgnoreCase));

    private static bool Fits(ShownSample sample, string only) => only switch
    {
        "paired" => sample.Answers.Any(a => a.Mark.Length > 0),
        "unpaired" => sample.Answers.All(a => a.Mark.Length == 0),
        "cut" => sample.Answers.Any(a => !a.Finished),
        "better" => Gain(sample) > 0,
        "worse" => Gain(sample) < 0,
        _ => true,
    };

    /// <summary>By the gold judge where there is one; null where the two are not both there.</summary>
    private static double? Gain(ShownSample sample)
    {
        ShownAnswer? sft = sample.Answers.FirstOrDefault(a => a.Name == "sft"),
            last = sample.Answers.LastOrDefault(a => a.Name != "people");
        return sft is null || last is null || sft == last ? null : (last.Gold ?? last.Reward) - (sft.Gold ?? sft.Reward);
    }

    private static Html Form(IReadOnlyList<SampleSet> sets, SampleSet set, PageAddress address) => Html.Of($"""
        <form class="choices" id="choices">
        {Choice.Select("set", "Answers", sets.Select(s => (s.Name, s.Title)), address)}
        {Choice.Select("only", "Only", set.Policies ? s_ofPolicies : s_ofIteration, address)}
        <label>Search <input type="search" name="q" value="{address.Get("q")}"></label>
        <button type="submit">Show</button></form>
        """);

    private static string Count(SampleSet set, int found, int from, int next, bool filtered) =>
        found == 0 && next >= set.Count ? filtered ? $"Nothing found in rows {from + 1} to {set.Count}." : "No rows."
        : filtered ? $"{found} found in rows {from + 1} to {next} of {Format.Count(set.Count)}."
        : $"Rows {from + 1} to {next} of {Format.Count(set.Count)}.";

    private static Html Turn(SampleSet set, int from, int next, bool filtered, PageAddress address)
    {
        Html Link(string title, int at) => Html.Of($"<a href=\"{address.With(("at", at == 0 ? "" : $"{at}"))}\">{title}</a> ");
        Html back = from == 0 ? Html.Empty : filtered ? Link("From the first row", 0) : Link("Before", Math.Max(0, from - PerPage));
        return Html.Of($"{back}{(next < set.Count ? Link(filtered ? "Go on" : "Next", next) : Html.Empty)}");
    }

    private static Html Card(ShownSample sample, SampleSet set)
    {
        bool wide = sample.Answers.Any(a => a.Text.Length > 400);
        double best = sample.Answers.Max(a => a.Reward) ?? 0, worst = sample.Answers.Min(a => a.Reward) ?? 0;
        return Html.Of($"""
            <article class="sample" aria-label="Row {sample.Row + 1}"><div class="prompt">{Html.Join(sample.Prompt.Select(Turn))}</div>
            <div class="answers{(wide ? " long" : "")}">{Html.Join(sample.Answers.Select(a => Answer(a, set, worst, best)))}</div></article>

            """);
    }

    private static Html Turn(ChatMessage message)
    {
        Html role = message.Role == "user" ? Html.Empty : Html.Of($"<b class=\"role\">{message.Role}</b>");
        return Html.Of($"{role}{Text(message.Content)}");
    }

    private static Html Answer(ShownAnswer answer, SampleSet set, double worst, double best)
    {
        List<string> figures = [];
        if (answer.Reward is { } reward) figures.Add($"RM {Format.Typographic(Format.Number(reward, 2))}");
        if (answer.Gold is { } gold) figures.Add($"gold {Format.Typographic(Format.Number(gold, 2))}");
        if (answer.Tokens is { } tokens) figures.Add($"{Format.Count(tokens)} tokens");
        Html name = answer.Name.Length == 0 ? Html.Empty : Html.Of($"<b>{answer.Name}</b>");
        Html mark = answer.Mark.Length == 0 ? Html.Empty : Html.Of($"<span class=\"tag {answer.Mark}\">{answer.Mark}</span>");
        string color = answer.Mark switch
        {
            "chosen" => "c-good",
            "rejected" => "c-bad",
            _ => set.Policies ? ReportStyle.ColorOf(answer.Name) : "c-neutral",
        };
        double share = answer.Reward is { } r && best > worst ? (r - worst) / (best - worst) : 0;
        Html bar = answer.Reward is null || best <= worst ? Html.Empty : Html.Of($"""
            <svg class="share" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
            <rect class="mark" width="{100 * share}" height="3"/></svg>
            """);
        Html cut = answer.Finished ? Html.Empty : new Html("<p class=\"cut\">cut off at the token limit</p>");
        return Html.Of($"""
            <div class="answer {color}"><header>{name}{mark}<span>{string.Join(" · ", figures)}</span></header>
            {bar}{Text(answer.Text)}{cut}</div>
            """);
    }

    private static Html Text(string text)
    {
        Html reach = text.Length > LongText ? new Html(" tabindex=\"0\"") : Html.Empty;
        return Html.Of($"<p class=\"text\"{reach}><bdi>{text}</bdi></p>");
    }
}
