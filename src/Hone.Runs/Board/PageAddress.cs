namespace Hone.Runs;

/// <summary>What a page of the board shows: all of it stands in the address, so that a reload or a link to it shows the same.</summary>
/// <param name="Path">As asked for, decoded: <c>/run/NAME/samples</c>.</param>
/// <param name="Query">Names and values in their order, decoded.</param>
internal sealed record PageAddress(string Path, IReadOnlyList<KeyValuePair<string, string>> Query)
{
    public string Get(string name, string otherwise = "") => Query.FirstOrDefault(q => q.Key == name).Value ?? otherwise;

    public IReadOnlyList<string> All(string name) => [.. Query.Where(q => q.Key == name).Select(q => q.Value).Distinct()];

    public int Number(string name, int otherwise) => int.TryParse(Get(name), out int value) && value >= 0 ? value : otherwise;

    /// <summary>The address with other values in place of some; an empty value leaves the name out.</summary>
    public string With(params (string Name, string Value)[] changes)
    {
        IEnumerable<(string, string)> kept = Query.Where(q => changes.All(c => c.Name != q.Key)).Select(q => (q.Key, q.Value));
        return Link(Path.Split('/', StringSplitOptions.RemoveEmptyEntries), [.. kept, .. changes]);
    }

    public static string Link(IEnumerable<string> parts, params IEnumerable<(string Name, string Value)> query)
    {
        string path = "/" + string.Join('/', parts.Select(Uri.EscapeDataString));
        string asked = string.Join('&', query.Where(q => q.Value.Length > 0)
            .Select(q => $"{Uri.EscapeDataString(q.Name)}={Uri.EscapeDataString(q.Value)}"));
        return asked.Length == 0 ? path : $"{path}?{asked}";
    }
}
