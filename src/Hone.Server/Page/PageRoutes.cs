using System.Collections.Frozen;

namespace Hone.Server;

/// <summary>
/// The pages for people at <c>/</c>, <c>/arena</c> and <c>/votes</c>: static files of this assembly, which reach this server only.
/// </summary>
internal static class PageRoutes
{
    private static readonly string[] s_parts =
        ["page.css", "api.js", "markdown.js", "conversations.js", "tokens.js", "chat.js", "arena.js", "votes.js"];

    private static readonly FrozenDictionary<string, (string Text, string Type)> s_files = s_parts.Select(name => ("/" + name, name))
        .Concat([("/", "index.html"), ("/arena", "arena.html"), ("/votes", "votes.html")])
        .ToFrozenDictionary(f => f.Item1, f => (Embedded.Text(f.Item2), Embedded.TypeOf(f.Item2)));

    public static IEnumerable<Route> All => s_files.Keys.Select(path => new Route(path, "GET", false, SendAsync) { IsOpen = true });

    private static Task SendAsync(Exchange exchange)
    {
        (string text, string type) = s_files[exchange.Http.Request.Path.Value!];
        PageHeaders.Set(exchange.Http.Response);
        return exchange.WriteAsync(text, type);
    }
}
