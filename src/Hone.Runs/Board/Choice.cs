namespace Hone.Runs;

/// <summary>A choice in a form, as the page's address has it.</summary>
internal static class Choice
{
    public static Html Select(string name, string title, IEnumerable<(string Value, string Title)> options, PageAddress address)
    {
        string chosen = address.Get(name);
        IEnumerable<Html> items = options.Select(o =>
            Html.Of($"<option value=\"{o.Value}\"{(o.Value == chosen ? new Html(" selected") : Html.Empty)}>{o.Title}</option>"));
        return Html.Of($"<label>{title} <select name=\"{name}\">{Html.Join(items)}</select></label>");
    }
}
