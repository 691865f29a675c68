using Hone.Data;
using Hone.Runs;

namespace Hone.Workflow.Inspection;

/// <summary>An inspection as one static page without scripts: coloured tokens, histograms, counts.</summary>
internal static class InspectionPage
{
    private const int MostListed = 50;

    private const string Css = """
        .tokens{white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,Menlo,Consolas,"Liberation Mono",monospace;
        font-size:.86rem;line-height:1.9;padding:10px 14px;background:var(--panel);border-radius:6px;max-height:40em;overflow-y:auto}
        .tokens span,.key span{border-radius:3px;padding:1px 0;box-shadow:inset 1px 0 0 var(--axis)}
        .t{background:color-mix(in srgb,var(--green) 26%,transparent)}.s{color:var(--purple);font-weight:600}
        .x{text-decoration:line-through;opacity:.45}.key span{padding:1px 6px;margin-right:10px}
        """;

    public static void Write(DataInspection inspection, string path) => Durable.WriteText(path, Render(inspection).Markup);

    internal static Html Render(DataInspection inspection)
    {
        string more = inspection.Files.Count > 1 ? $" and {inspection.Files.Count - 1} more" : "",
            title = $"{Path.GetFileName(inspection.Files[0].Path)}{more} as trained on";
        // The stages' limits are marked once.
        IEnumerable<Html> lengths = inspection.Lengths.Select((l, i) => Lengths(l.Key, l.Value, i == 0 ? inspection.Stages : []));
        return Html.Of($"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
            <title>{title}</title><style>{new Html(ReportStyle.Css + Css)}</style></head>
            <body><main>
            <h1>{title}</h1>
            <p class="meta">{InspectionJson.RowKindName(inspection.Kind)} · layout: {inspection.Files[0].Read.Layout}
            · {Format.Count(inspection.Files.Sum(f => f.Read.Read))} rows · {Format.Count(inspection.Tokens)} tokens,
            {Format.Count(inspection.Trained)} trained, {Format.Count(inspection.Unknown)} unknown to the vocabulary</p>
            <h2>Rows</h2>{Html.Join(inspection.Rows.Select(Row))}
            <p class="key note"><span>context</span><span class="t">trained</span><span class="s">control token</span>
            <span class="x">cut or dropped</span></p>
            <h2>Lengths</h2><div class="charts">{Html.Join(lengths)}</div>
            <h2>What becomes of the rows</h2>{Counts(inspection)}
            <h2>Duplicates</h2>{Duplicates(inspection)}
            {Overlap(inspection.Overlap)}</main></body></html>

            """);
    }

    private static Html Row(ShownRow row) => Html.Of($"""
        <h3>Row {row.Number}: {row.Fate}</h3>{Html.Join(row.Sequences.Select(s => Html.Of($"""
        <p class="note">{s.Title}: {s.Tokens.Count} tokens, {s.Trained} trained</p>
        <div class="tokens">{Html.Join(s.Tokens.Select(Token))}</div>
        """)))}
        """);

    private static Html Token(ShownToken token)
    {
        string look = $"{(token.Trained ? "t " : "")}{(token.Special ? "s " : "")}{(token.Cut ? "x" : "")}".TrimEnd();
        return Html.Of($"""<span class="{look}" title="{token.Id}">{token.Text.Replace("\n", "⏎\n", StringComparison.Ordinal)}</span>""");
    }

    private static Html Lengths(string name, LengthHistogram lengths, IReadOnlyList<StageLengths> stages)
    {
        (string, int)[] marks = [.. stages.Where(s => s.Rule.MaxLength <= lengths.Max).Select(s => (s.Stage, s.Rule.MaxLength))];
        string caption = $"{Format.Count(lengths.Count)} rows, {lengths.Min} to {lengths.Max} tokens; "
            + $"mean {Format.Number(lengths.Mean, 1)}, half up to {lengths.Percentile(0.5)}, 90 % up to {lengths.Percentile(0.9)}, "
            + $"99 % up to {lengths.Percentile(0.99)}.";
        Html chart = HistogramSvg.Draw(name, "tokens", lengths.Bins(40), marks);
        return Html.Of($"""<figure><h4>{name}</h4>{chart}<figcaption>{caption}</figcaption></figure>""");
    }

    private static Html Counts(DataInspection inspection)
    {
        List<(string Step, DataReport Report, string Limits)> steps = [];
        foreach (InspectedFile file in inspection.Files)
        {
            steps.Add(($"read {Path.GetFileName(file.Path)}", file.Read, ""));
            if (file.Cleaned.DroppedCount > 0) steps.Add(("cleaned", file.Cleaned, ""));
        }
        steps.AddRange(inspection.Stages.Select(s => (s.Stage, s.Report, InspectionWords.Limits(s.Rule))));
        Html refused = inspection.Refused == 0 ? Html.Empty : Html.Of($"""
            <div class="finding weak"><p>{inspection.Refused} rows cannot be rendered, and training would stop there.
            {inspection.FirstRefusal}</p></div>
            """);
        IEnumerable<Html> rows = steps.Select(s => Html.Of($"<tr><td>{s.Step}</td><td>{s.Limits}</td><td>{s.Report.Read}</td>"
            + $"<td>{s.Report.Kept}</td><td>{InspectionWords.Counts(s.Report.Dropped)}</td>"
            + $"<td>{InspectionWords.Counts(s.Report.Changed)}</td></tr>"));
        return Html.Of($"""
            {refused}<div class="scroll"><table>
            <thead><tr><th>step</th><th>limits</th><th>rows</th><th>kept</th><th>dropped</th><th>changed</th></tr></thead><tbody>
            {Html.Join(rows)}
            </tbody></table></div>
            """);
    }

    private static Html Duplicates(DataInspection inspection)
    {
        IEnumerable<Html> rows = inspection.Duplicates.Take(MostListed)
            .Select(d => Html.Of($"<tr><td>{d.Row}</td><td>{d.Of}</td><td>{Format.Number(d.Similarity, 2)}</td></tr>"));
        return Html.Of($"""
            <p>{InspectionWords.Duplicates(inspection.DuplicateCounts)}</p>
            {Listed(inspection.Duplicates.Count, ["row", "repeats row", "similarity"], rows)}
            """);
    }

    private static Html Overlap(EvaluationOverlap? overlap)
    {
        if (overlap is null) return Html.Empty;
        IEnumerable<Html> rows = overlap.Rows.OrderByDescending(r => r.Best.Coverage).Take(MostListed)
            .Select(r => Html.Of($"<tr><td>{r.Row}</td><td>{r.Best.Item.Where}</td><td>{Format.Percent(r.Best.Coverage)} %</td>"
                + $"<td>{r.Best.Words}</td></tr>"));
        return Html.Of($"""
            <h2>Overlap with evaluation sets</h2><p>{InspectionWords.Overlap(overlap)}</p>
            {Listed(overlap.Rows.Count, ["row", "item", "n-grams of the item found", "first in common"], rows)}
            """);
    }

    private static Html Listed(int count, string[] columns, IEnumerable<Html> rows)
    {
        if (count == 0) return Html.Empty;
        Html more = count > MostListed ? Html.Of($"""<p class="note">The first {MostListed}.</p>""") : Html.Empty;
        return Html.Of($"""
            <div class="scroll"><table><thead><tr>{Html.Join(columns.Select(c => Html.Of($"<th>{c}</th>")))}</tr></thead>
            <tbody>{Html.Join(rows)}</tbody></table></div>{more}
            """);
    }
}
