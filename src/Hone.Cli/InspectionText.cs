using System.Globalization;
using Hone.Data;
using Hone.Workflow.Inspection;
using Spectre.Console;

namespace Hone.Cli;

/// <summary>
/// An inspection for people. With colours: learnt tokens green, control tokens bold, cut tokens struck through, every other
/// token underlined so that their borders show. Without: learnt tokens in [ ], the others divided by |, cut ones in { }.
/// </summary>
internal sealed class InspectionText(IAnsiConsole console, bool color)
{
    private const int MostListed = 10, Bars = 15, BarWidth = 40;

    public void Write(DataInspection inspection)
    {
        foreach (ShownRow row in inspection.Rows) Row(row);
        if (color) console.Write(new Markup("[green]trained[/]  [bold]control token[/]  [strikethrough dim]cut or dropped[/]\n"));
        else Say("legend: context|tokens [trained] {cut or dropped}");
        Say("");
        foreach ((string name, LengthHistogram lengths) in inspection.Lengths)
            Lengths(name, lengths, bars: name == inspection.Lengths.Keys.First());
        Say($"tokens: {inspection.Tokens}, trained {inspection.Trained}"
            + (inspection.Unknown > 0 ? $", unknown to the vocabulary {inspection.Unknown}" : ""));
        Say("");
        foreach (InspectedFile file in inspection.Files)
        {
            Say(file.Read.ToString());
            if (file.Cleaned.DroppedCount > 0) Say(file.Cleaned.ToString());
        }
        foreach (StageLengths stage in inspection.Stages) Say($"{stage.Report} ({InspectionWords.Limits(stage.Rule)})");
        if (inspection.Refused > 0)
            Say($"{inspection.Refused} rows cannot be rendered, and training would stop there: {inspection.FirstRefusal}");
        Say($"duplicates: {InspectionWords.Duplicates(inspection.DuplicateCounts)}");
        List(inspection.Duplicates, d => $"row {d.Row} repeats row {d.Of}"
            + (d.Similarity < 1 ? string.Create(CultureInfo.InvariantCulture, $" (similarity {d.Similarity:0.00})") : ""));
        if (inspection.Overlap is not { } overlap) return;
        Say($"overlap: {InspectionWords.Overlap(overlap)}");
        List([.. overlap.Rows.OrderByDescending(r => r.Best.Coverage)], r => string.Create(CultureInfo.InvariantCulture,
            $"row {r.Row} has {r.Best.Coverage:P0} of {r.Best.Item.Where}: \"{r.Best.Words}\""));
    }

    private void Row(ShownRow row)
    {
        Say($"row {row.Number}: {row.Fate}");
        foreach (ShownSequence sequence in row.Sequences)
        {
            Say($"{sequence.Title}: {sequence.Tokens.Count} tokens, {sequence.Trained} trained");
            for (int i = 0; i < sequence.Tokens.Count; i++)
                Token(sequence.Tokens[i], divided: i > 0 && !sequence.Tokens[i - 1].Trained, odd: i % 2 == 1);
            Say("");
            Say($"ids: {string.Join(' ', sequence.Tokens.Select(t => t.Id))}");
        }
        Say("");
    }

    private void Token(ShownToken token, bool divided, bool odd)
    {
        string text = Visible(token.Text);
        if (!color)
        {
            if (token.Cut) text = $"{{{text}}}";
            Say(token.Trained ? $"[{text}]" : divided ? $"|{text}" : text, end: "");
            return;
        }
        Style style = new(
            token.Trained ? Color.Green : Color.Default,
            decoration: (token.Special ? Decoration.Bold : 0)
                | (token.Cut ? Decoration.Strikethrough | Decoration.Dim : 0) | (odd ? Decoration.Underline : 0));
        console.Write(new Spectre.Console.Text(text, style));
    }

    private void Lengths(string name, LengthHistogram lengths, bool bars)
    {
        Say(string.Create(CultureInfo.InvariantCulture, $"{name}: {lengths.Min} to {lengths.Max} tokens, mean {lengths.Mean:0.0}, "
            + $"p50 {lengths.Percentile(0.5)}, p90 {lengths.Percentile(0.9)}, p99 {lengths.Percentile(0.99)}"));
        if (!bars) return;
        IReadOnlyList<(int From, int To, long Count)> bins = lengths.Bins(Bars);
        long most = bins.Max(b => b.Count);
        foreach ((int from, int to, long count) in bins)
            Say($"  {$"{from}-{to - 1}",13} {new string('#', (int)Math.Ceiling((double)BarWidth * count / most))} {count}");
    }

    private void List<T>(IReadOnlyList<T> items, Func<T, string> line)
    {
        foreach (T item in items.Take(MostListed)) Say($"  {line(item)}");
        if (items.Count > MostListed) Say("  and more; --json lists up to 1000");
    }

    /// <summary>Line breaks stay and are marked; other control characters, which could steer a terminal, become marks.</summary>
    private static string Visible(string text) => string.Concat(text.Select(c =>
        c == '\n' ? "⏎\n" : char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? $"\\u{(int)c:x4}" : c.ToString()));

    private void Say(string text, string end = "\n") => console.Profile.Out.Writer.Write(text + end);
}
