using System.Collections.Frozen;
using System.Reflection;

namespace Hone.Server;

/// <summary>The chat page at <c>/</c>: static files of this assembly, which reach nothing but this server.</summary>
internal static class PageRoutes
{
    private static readonly FrozenDictionary<string, (string Text, string Type)> s_files = new[]
    {
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/chat.css", "chat.css", "text/css; charset=utf-8"),
        ("/chat.js", "chat.js", "text/javascript; charset=utf-8"),
    }.ToFrozenDictionary(f => f.Item1, f => (Read(f.Item2), f.Item3));

    public static IEnumerable<Route> All => s_files.Keys.Select(path => new Route(path, "GET", false, SendAsync) { IsOpen = true });

    private static Task SendAsync(Exchange exchange)
    {
        (string text, string type) = s_files[exchange.Http.Request.Path.Value!];
        exchange.Http.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
            + "frame-ancestors 'none'";
        exchange.Http.Response.Headers.XContentTypeOptions = "nosniff";
        exchange.Http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return exchange.WriteAsync(text, type);
    }

    private static string Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
