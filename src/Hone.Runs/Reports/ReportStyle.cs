namespace Hone.Runs;

/// <summary>
/// The report's style sheet: light and dark, phone and print. Colours after Okabe and Ito, told apart by the colour-blind.
/// </summary>
internal static class ReportStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--muted:#5b6570;--faint:#e4e8ec;--panel:#f6f8fa;--axis:#8b959f;
        --grey:#57606a;--orange:#b8570a;--blue:#0b62b0;--b1:#5fa3dd;--b2:#2f80c8;--b3:#0b569c;--b4:#06335f;--green:#0a7d57;
        --purple:#9b3d82;--red:#b3261e;--amber:#8a5a00;--shade:#1b1f2459}
        @media (prefers-color-scheme:dark){:root{--bg:#12161b;--fg:#e4e9ee;--muted:#9aa6b2;--faint:#28303a;--panel:#1a2027;--axis:#66727e;
        --grey:#a9b4bf;--orange:#f0994d;--blue:#62b0f5;--b1:#3f7fb8;--b2:#5aa6e6;--b3:#93c9f7;--b4:#cbe5fc;--green:#45c596;
        --purple:#dd8cc6;--red:#ff8a80;--amber:#e5b454;--shade:#000000b0}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--fg);
        font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;-webkit-text-size-adjust:100%}
        main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
        h1{font-size:1.75rem;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em;overflow-wrap:anywhere}
        h2{font-size:1.25rem;margin:48px 0 12px;padding-bottom:6px;border-bottom:1px solid var(--faint)}
        h3{font-size:1rem;margin:28px 0 8px}
        p{margin:8px 0;max-width:75ch}
        .meta{color:var(--muted);font-size:.875rem;margin:0}
        .finding{margin:20px 0;padding:14px 18px;background:var(--panel);border-left:4px solid var(--blue);border-radius:0 6px 6px 0}
        .finding p{margin:4px 0;max-width:none}.finding.weak{border-color:var(--red)}.finding.strong{border-color:var(--green)}
        .note{color:var(--muted);font-size:.875rem}
        .scroll{overflow-x:auto;margin:12px 0;background:linear-gradient(to right,var(--bg) 30%,transparent) 0 0/36px 100%,
        linear-gradient(to left,var(--bg) 30%,transparent) 100% 0/36px 100%,
        linear-gradient(to right,var(--shade),transparent) 0 0/14px 100%,
        linear-gradient(to left,var(--shade),transparent) 100% 0/14px 100%;
        background-repeat:no-repeat;background-attachment:local,local,scroll,scroll}
        .more{display:none;color:var(--muted);font-size:.8rem;margin:12px 0 -8px}
        table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
        th,td{padding:7px 12px;border-bottom:1px solid var(--faint);vertical-align:top;text-align:left}
        thead th{color:var(--muted);font-weight:600;vertical-align:bottom;border-bottom:2px solid var(--faint)}
        table.figures{width:100%}
        .figures td,.figures thead th:not(:first-child){text-align:right}.figures td{white-space:nowrap}
        .figures tbody th{font-weight:600;white-space:nowrap}
        .figures small{display:block;color:var(--muted);font-size:.78rem;white-space:nowrap}
        .figures td.what{text-align:left;white-space:normal}.figures small.wrap{white-space:normal}
        .figures tr.selected,.figures tr.selected th{background:var(--panel)}
        td.none{color:var(--muted)}
        .tag{display:inline-block;margin-left:6px;padding:0 7px;border:1px solid var(--green);border-radius:9px;color:var(--green);
        font-size:.72rem;font-weight:600;line-height:1.5;vertical-align:1px}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:28px 36px;margin:16px 0}
        .charts.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,310px),1fr))}
        figure{margin:0;break-inside:avoid;max-width:560px}
        figure h4{margin:0 0 6px;font-size:.95rem}
        figcaption{color:var(--muted);font-size:.82rem;line-height:1.45;margin-top:4px}
        svg{display:block;width:100%;height:auto}
        svg text{font-size:12.5px;font-family:inherit;fill:var(--fg)}
        svg .tick,svg .label,svg .name{paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round}
        svg .tick,svg .label{fill:var(--muted)}
        svg .hover{fill:transparent}svg .hover:hover{fill:var(--c)}
        svg .name{fill:var(--c);fill:color-mix(in srgb,var(--c) 70%,var(--fg));font-weight:600}
        svg .grid{stroke:var(--faint)}svg .axis{stroke:var(--axis)}svg .reference{stroke:var(--axis);stroke-dasharray:4 4}
        svg .line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        svg .faint{stroke-width:1;opacity:.3}
        svg .bar{fill:none;stroke:var(--c);stroke-width:1.5}
        svg .mark{fill:var(--c);stroke:var(--bg);stroke-width:1.5}
        .c-sft{--c:var(--grey)}.c-offline{--c:var(--orange)}.c-online{--c:var(--blue)}
        .c-it1{--c:var(--b1)}.c-it2{--c:var(--b2)}.c-it3{--c:var(--b3)}.c-it4{--c:var(--b4)}
        .c-reward,.c-good{--c:var(--green)}.c-other{--c:var(--purple)}.c-bad{--c:var(--red)}.c-neutral{--c:var(--grey)}
        .sample{margin:0 0 28px;break-inside:avoid}
        .prompt{margin:0 0 10px;padding:10px 14px;background:var(--panel);border-radius:6px}
        .text{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;max-width:none;max-height:26em;overflow-y:auto}
        .answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,195px),1fr));gap:12px}
        .answers.long{grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr))}
        .answer{border:1px solid var(--faint);border-top:3px solid var(--c);border-radius:6px;padding:8px 12px 10px;min-width:0}
        .answer header{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 12px;font-size:.8rem;margin-bottom:4px}
        .answer header span{color:var(--muted);font-variant-numeric:tabular-nums}
        .answer .text{font-size:.9rem;line-height:1.5}
        .cut{color:var(--amber);font-size:.8rem;margin:4px 0 0}
        pre{margin:8px 0;padding:10px 14px;background:var(--panel);border-radius:6px;white-space:pre-wrap}
        .lines{margin:8px 0;padding-left:20px;font-size:.875rem}.lines li{margin:3px 0;overflow-wrap:anywhere}
        .stages td.share{width:30%;min-width:80px;vertical-align:middle}.stages td.share svg{height:8px}
        .figures thead th.held{text-align:left}
        .stages td.held{text-align:left;white-space:normal;min-width:12em;color:var(--muted)}
        code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.86em;overflow-wrap:anywhere}
        .settings td{overflow-wrap:anywhere}.settings .set td{font-weight:600}
        nav{margin:12px 0 0;font-size:.875rem;display:flex;flex-wrap:wrap;gap:2px 16px}
        nav a{color:var(--blue)}
        @media (max-width:600px){.wide .more{display:block}
        main{padding:20px 14px 48px}h1{font-size:1.4rem}th,td{padding:6px 8px}h2{margin-top:36px}
        .figures th:first-child{position:sticky;left:0;background:var(--bg);box-shadow:inset 0 -1px var(--faint)}
        .tag{display:block;width:max-content;margin:2px 0 0}}
        @media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--muted:#444;--faint:#d5d9dd;--panel:#f4f5f6;--axis:#777;
        --grey:#57606a;--orange:#b8570a;--blue:#0b62b0;--b1:#5fa3dd;--b2:#2f80c8;--b3:#0b569c;--b4:#06335f;--green:#0a7d57;
        --purple:#9b3d82;--red:#b3261e;--amber:#8a5a00}
        body{font-size:10.5pt}main{max-width:none;padding:0}nav{display:none}.text{max-height:none}.scroll{overflow:visible}
        table{font-size:7.5pt}.figures small{font-size:6.5pt}th,td{padding:3px 4px}.tag{display:block;width:max-content;margin:0;
        font-size:6.5pt}
        .charts{grid-template-columns:1fr 1fr}h2,h3,h4{break-after:avoid}}
        """;

    /// <summary>The colour of a row of the table or of a stage, the same in every figure.</summary>
    public static string ColorOf(string name)
    {
        if (name == "sft") return "c-sft";
        if (name == "reward") return "c-reward";
        if (name.StartsWith("offline", StringComparison.Ordinal)) return "c-offline";
        if (!name.StartsWith("online", StringComparison.Ordinal)) return "c-other";
        // A row is online-dpo-2, a stage online-2/dpo.
        string numbered = name.Split('/')[0];
        return int.TryParse(numbered.AsSpan(numbered.LastIndexOf('-') + 1), out int iteration) && iteration >= 1
            ? $"c-it{Math.Min(iteration, 4)}"
            : "c-online";
    }
}
