using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Bench.Server;

/// <summary>A server in a process of its own, on a free port of loopback.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, int port) => (_process, Port, Client) = (process, port, new HttpClient(
        new SocketsHttpHandler { MaxConnectionsPerServer = 2048 })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Timeout = TimeSpan.FromMinutes(10),
    });

    public int Port { get; }

    public HttpClient Client { get; }

    /// <summary>The name that requests give for the one model served.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Resident memory in bytes.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static Task<ServerProcess> Hone(string dll, string model)
    {
        int port = FreePort();
        return Start("dotnet", [dll, "serve", model, "--port", $"{port}"], port);
    }

    public static Task<ServerProcess> LlamaCpp(string gguf, int streams)
    {
        string folder = Environment.GetEnvironmentVariable("HONE_LLAMA_CPP")
            ?? throw new InvalidOperationException("HONE_LLAMA_CPP is not set");
        int port = FreePort();
        return Start(Path.Combine(folder, "llama-server"),
            ["-m", gguf, "--port", $"{port}", "-np", $"{streams}", "-c", $"{streams * 512}", "-t", $"{Environment.ProcessorCount}"], port);
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task<ServerProcess> Start(string program, string[] arguments, int port)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new ServerProcess(process, port);
        for (int tries = 0; tries < 600; tries++)
        {
            await Task.Delay(100); // a server makes no event of being ready
            try
            {
                using HttpResponseMessage health = await server.Client.GetAsync("/health");
                if (health.StatusCode != HttpStatusCode.OK) continue;
                using var models = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models"));
                server.Model = models.RootElement.GetProperty("data")[0].GetProperty("id").GetString()!;
                return server;
            }
            catch (HttpRequestException)
            {
                if (process.HasExited) throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
            }
        }
        server.Dispose();
        throw new InvalidOperationException($"{program} does not answer");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
