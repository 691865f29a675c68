using System.ComponentModel;
using System.Diagnostics;

namespace Hone.Server.Tests;

/// <summary>OpenAI's and Ollama's clients for JavaScript, in Node; skipped where the packages cannot be had.</summary>
public sealed class NpmClientTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Clients_from_npm_read_what_the_server_writes()
    {
        using var folder = new TempFolder();
        foreach (string file in new[] { "package.json", "contract.mjs" })
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Npm", file), folder.File(file));
        (int code, string output) = await RunAsync(folder.Path, "npm",
            "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--fetch-retries=0");
        Assert.SkipUnless(code == 0, $"npm install: {output}");
        (code, output) = await RunAsync(folder.Path, "node", "contract.mjs", server.Address.ToString().TrimEnd('/'), "tiny");
        Assert.True(code == 0, output);
        Assert.Equal(10, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }

    private static async Task<(int Code, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        using var most = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            try
            {
                Task<string> output = process.StandardOutput.ReadToEndAsync(most.Token);
                Task<string> error = process.StandardError.ReadToEndAsync(most.Token);
                await process.WaitForExitAsync(most.Token);
                return (process.ExitCode, await output + await error);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return (-1, "took longer than a minute");
            }
        }
        catch (Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
