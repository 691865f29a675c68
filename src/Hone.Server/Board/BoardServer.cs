using System.Net;
using System.Text;
using Hone.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Hone.Server;

/// <summary>
/// The board over HTTP, on this machine only: pages about runs, of which a browser asks for newer versions. Nothing is written, and
/// nothing here loads libtorch.
/// </summary>
internal static class BoardServer
{
    private static readonly Dictionary<string, string> s_files = new(StringComparer.Ordinal)
    {
        ["/board.css"] = ReportStyle.Css + "\n" + Embedded.Text("board.css"),
        ["/board.js"] = Embedded.Text("board.js"),
    };

    /// <summary>Starts a server.</summary>
    /// <param name="root">Holds run folders, or is one.</param>
    /// <param name="port">0 for any free one.</param>
    /// <param name="orAnother">Where another program has the port, a free one is taken.</param>
    /// <exception cref="InputException">The port cannot be listened on.</exception>
    public static async Task<WebApplication> StartAsync(string root, int port, bool orAnother)
    {
        WebApplication server = Create(root, port);
        try
        {
            await server.StartAsync().ConfigureAwait(false);
            return server;
        }
        catch (IOException e)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            if (orAnother) return await StartAsync(root, 0, orAnother: false).ConfigureAwait(false);
            throw new InputException($"port {port} cannot be listened on: {e.Message}", fix: "Choose another --port.", inner: e);
        }
    }

    /// <summary>Where a run's page is.</summary>
    public static string AddressOf(string run) => PageAddress.Link(["run", Path.GetFileName(Path.TrimEndingDirectorySeparator(run))]);

    private static WebApplication Create(string root, int port)
    {
        WebApplication app = WebServer.Builder(IPAddress.Loopback, port, bodyBytes: 0, connections: 256).Build();
        var admission = new Admission(loopback: true, apiKey: null);
        var board = new RunBoard(root);
        app.Run(http => AnswerAsync(http, admission, board));
        return app;
    }

    private static async Task AnswerAsync(HttpContext http, Admission admission, RunBoard board)
    {
        PageHeaders.Set(http.Response);
        try
        {
            if (admission.Refusal(http.Request, needsKey: false) is { } foreign) throw foreign;
            if (http.Request.Method != "GET") throw new ApiException(405, "the board is only read: GET");
            string path = http.Request.Path.Value ?? "/";
            if (s_files.TryGetValue(path, out string? file))
            {
                await SendAsync(http, 200, file, Embedded.TypeOf(path)).ConfigureAwait(false);
                return;
            }
            KeyValuePair<string, string>[] query =
                [.. http.Request.Query.SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v ?? "")))];
            BoardAnswer answer = board.Answer(new PageAddress(path, query), http.Request.Headers.IfNoneMatch.ToString().Trim('"'));
            http.Response.Headers.ETag = $"\"{answer.Version}\"";
            await SendAsync(http, answer.Status, answer.Page, Embedded.TypeOf("page")).ConfigureAwait(false);
        }
        catch (ApiException refused)
        {
            await SendAsync(http, refused.Status, refused.Message, "text/plain; charset=utf-8").ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InputException && !http.Response.HasStarted)
        {
            // A run that is being written, moved or removed while it is read: the next look finds it whole, or gone.
            await SendAsync(http, 503, e.Message, "text/plain; charset=utf-8").ConfigureAwait(false);
        }
    }

    private static async Task SendAsync(HttpContext http, int status, string text, string type)
    {
        http.Response.StatusCode = status;
        if (status == 304) return;
        byte[] body = Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }
}
