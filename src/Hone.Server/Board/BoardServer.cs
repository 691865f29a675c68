using System.Diagnostics;
using System.Net;
using System.Text;
using Hone.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

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
    /// <param name="root">Holds run folders and those of evaluations, or is one.</param>
    /// <param name="port">0 for any free one.</param>
    /// <param name="orAnother">Where another program has the port, a free one is taken.</param>
    /// <param name="evaluations">Holds evaluations, too; null for no other folder.</param>
    /// <exception cref="InputException">The port cannot be listened on.</exception>
    public static async Task<WebApplication> StartAsync(string root, int port, bool orAnother, string? evaluations = null)
    {
        WebApplication server = Create(root, port, evaluations);
        try
        {
            await server.StartAsync().ConfigureAwait(false);
            return server;
        }
        catch (IOException e)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            if (orAnother) return await StartAsync(root, 0, orAnother: false, evaluations).ConfigureAwait(false);
            throw new InputException($"port {port} cannot be listened on: {e.Message}", fix: "Choose another --port.", inner: e);
        }
    }

    /// <summary>Returns once a page that is open has seen how things stand now, or nobody looks, or after some seconds.</summary>
    public static async Task SeenAsync(WebApplication server)
    {
        var looks = server.Services.GetRequiredService<Looks>();
        if (looks.AreRecent) await Task.WhenAny(looks.Next, Task.Delay(TimeSpan.FromSeconds(6))).ConfigureAwait(false);
    }

    /// <summary>Where a run's page is.</summary>
    public static string AddressOf(string run) => PageAddress.Link(["run", Path.GetFileName(Path.TrimEndingDirectorySeparator(run))]);

    private static WebApplication Create(string root, int port, string? evaluations)
    {
        WebApplicationBuilder builder = WebServer.Builder(IPAddress.Loopback, port, bodyBytes: 0, connections: 256);
        var looks = new Looks();
        builder.Services.AddSingleton(looks);
        WebApplication app = builder.Build();
        var admission = new Admission(loopback: true, apiKey: null);
        var board = new RunBoard(root, evaluations);
        app.Run(async http =>
        {
            await AnswerAsync(http, admission, board).ConfigureAwait(false);
            looks.Add();
        });
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

    /// <summary>When pages were last asked for.</summary>
    private sealed class Looks
    {
        private static readonly TimeSpan s_recent = TimeSpan.FromSeconds(10);
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _last;

        public bool AreRecent => Volatile.Read(ref _last) is > 0 and var last && Stopwatch.GetElapsedTime(last) < s_recent;

        /// <summary>Ends with the next look.</summary>
        public Task Next => Volatile.Read(ref _next).Task;

        public void Add()
        {
            Volatile.Write(ref _last, Stopwatch.GetTimestamp());
            Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }
}
