using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bench.Server;

/// <summary>A server in a process of its own, on a free port of loopback, which it says.</summary>
internal sealed partial class ServerProcess : IDisposable
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

    public static Task<ServerProcess> Hone(string dll, string model) => Start("dotnet", [dll, "serve", model, "--port", "0"]);

    public static Task<ServerProcess> LlamaCpp(string gguf, int streams)
    {
        string folder = Environment.GetEnvironmentVariable("HONE_LLAMA_CPP")
            ?? throw new InvalidOperationException("HONE_LLAMA_CPP is not set");
        return Start(Path.Combine(folder, "llama-server"),
            ["-m", gguf, "--port", "0", "-np", $"{streams}", "-c", $"{streams * 512}", "-t", $"{Environment.ProcessorCount}"]);
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task<ServerProcess> Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        var said = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Read(string? line)
        {
            if (line is not null && Address().Match(line) is { Success: true } found) said.TrySetResult(int.Parse(found.Groups[1].Value));
        }
        process.OutputDataReceived += (_, e) => Read(e.Data);
        process.ErrorDataReceived += (_, e) => Read(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Task ended = process.WaitForExitAsync();
        if (await Task.WhenAny(said.Task, ended, Task.Delay(TimeSpan.FromMinutes(1))) != said.Task)
        {
            if (!ended.IsCompleted) process.Kill();
            throw new InvalidOperationException($"{program} does not say where it listens");
        }
        var server = new ServerProcess(process, await said.Task);
        // llama.cpp listens before it has read the model.
        while (true)
        {
            using HttpResponseMessage health = await server.Client.GetAsync("/health");
            if (health.IsSuccessStatusCode) break;
            await Task.Delay(100);
        }
        using var models = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models"));
        server.Model = models.RootElement.GetProperty("data")[0].GetProperty("id").GetString()!;
        return server;
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:([0-9]+)")]
    private static partial Regex Address();
}
