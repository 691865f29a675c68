namespace Hone.Runs;

/// <summary>The resolved recipe, with the values that are not defaults in bold.</summary>
internal static class SettingsSection
{
    public static Html Render(RunResults results)
    {
        if (results.Settings.Count == 0) return Html.Empty;
        IEnumerable<Html> rows = results.Settings.Select(s =>
        {
            Html set = s.Origin == "default" ? Html.Empty : new Html(" class=\"set\"");
            return Html.Of($"<tr{set}><td><code>{s.Key}</code></td><td><code>{s.Value}</code></td><td>{s.Origin}</td></tr>\n");
        });
        return Html.Of($"""
            <p class="note">Every value of the resolved recipe. Bold: not the default.</p>
            <div class="scroll"><table class="settings">
            <thead><tr><th scope="col">key</th><th scope="col">value</th><th scope="col">origin</th></tr></thead>
            <tbody>{Html.Join(rows)}</tbody></table></div>
            """);
    }
}
