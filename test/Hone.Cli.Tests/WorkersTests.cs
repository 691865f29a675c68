using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>Two <c>hone serve</c>, processes of their own, as workers of other commands.</summary>
public sealed class WorkersTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<Process> _servers = [];

    [Fact]
    public async Task A_server_killed_in_the_middle_leaves_the_file_as_it_would_have_been()
    {
        string model = TinyModel.Write(_folder.File("policy"));
        string[] sample = ["sample", "--model", model, "--data", Prompts(), "--n", "4", "--max-new-tokens", "150", "--device", "cpu"];
        Command.Done([.. sample, "--output", _folder.File("here.jsonl")]);
        string a = Serve(model), b = Serve(model);
        using Process sampling =
            Command.Start([.. sample, "--output", _folder.File("there.jsonl"), "--workers", $"{a},{b}", "--set", "worker.requests=2"]);
        string said = "";
        while (!said.Contains($"worker {b}", StringComparison.Ordinal) && await sampling.StandardError.ReadLineAsync() is { } line)
            said += line + "\n";
        // More than its fingerprint takes. No event tells what a server is about.
        while (!sampling.HasExited && await SampledAsync(b) < 500) await Task.Delay(10);
        _servers[1].Kill(entireProcessTree: true); // SIGKILL
        Result result = await Command.End(sampling);
        Assert.True(result.Code == 0, said + result.Error);
        Assert.Matches($"worker {b}( cannot be asked|: .*asked again)", said + result.Error);
        Assert.Equal(await File.ReadAllTextAsync(_folder.File("here.jsonl")), await File.ReadAllTextAsync(_folder.File("there.jsonl")));
    }

    [Fact]
    public void Answers_are_scored_by_a_server_and_doctor_tells_what_it_is()
    {
        string model = TinyModel.Write(_folder.File("policy")), reward = TinyModel.WriteReward(_folder.File("reward"));
        string samples = _folder.File("samples.jsonl"), address = Serve(model, reward);
        Command.Done("sample", "--model", model, "--data", Prompts(), "--n", "2", "--max-new-tokens", "8", "--output", samples);
        Result here = Command.Done("score", "--model", reward, "--data", samples, "--output", _folder.File("here.jsonl"), "--json"),
            there = Command.Done("score", "--model", reward, "--data", samples, "--output", _folder.File("there.jsonl"), "--json",
                "--workers", address);
        Assert.Equal((double)here.Json["mean_reward"]!, (double)there.Json["mean_reward"]!, 1e-5);
        Assert.Contains("rewards of reward", there.Error, StringComparison.Ordinal);

        JsonNode found = Command.Done("doctor", "--workers", address, "--model", model, "--json").Json[0]!;
        Assert.Equal(("/inference/v1/generate", "policy", "reward"),
            ((string)found["route"]!, (string)found["model"]!, (string)found["reward_model"]!));
        Assert.Contains("nats per token from here", (string)found["weights"]!, StringComparison.Ordinal);
        Result other = Command.Run("doctor", "--workers", address, "--model", TinyModel.Write(_folder.File("other"), seed: 9), "--json");
        Result none = Command.Run("doctor", "--workers", "http://127.0.0.1:9");
        Assert.Equal((1, 1), (other.Code == 0 ? 1 : other.Code, none.Code)); // tiny random models are close to each other
        Assert.Contains("127.0.0.1:9", none.Out, StringComparison.Ordinal);
        Assert.Contains("no address", Command.Refused("sample", "--model", model, "--data", samples, "--output", _folder.File("x"),
            "--workers", "10.0.0.5:8000"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (Process server in _servers)
        {
            if (!server.HasExited) server.Kill(entireProcessTree: true);
            server.WaitForExit();
            server.Dispose();
        }
        _folder.Dispose();
    }

    /// <summary>Tokens that a server has sampled so far.</summary>
    private static async Task<long> SampledAsync(string address)
    {
        const string Counter = "hone_sampled_tokens_total ";
        using var client = new HttpClient();
        string[] lines = (await client.GetStringAsync($"{address}/metrics")).Split('\n');
        return long.Parse(lines.Single(l => l.StartsWith(Counter, StringComparison.Ordinal))[Counter.Length..]);
    }

    private string Prompts()
    {
        string file = _folder.File("prompts.jsonl");
        File.WriteAllLines(file, Enumerable.Range(0, 48).Select(i =>
            new JsonObject { ["prompt"] = $"{(char)('a' + (i % 26))} {(char)('a' + (i / 26))} garden" }.ToJsonString()));
        return file;
    }

    private string Serve(params string[] models)
    {
        Process server = Command.Start(["serve", .. models, "--port", "0", "--device", "cpu"]);
        _servers.Add(server);
        string address = server.StandardOutput.ReadLine() ?? throw new InvalidOperationException(server.StandardError.ReadToEnd());
        return address[..^"/v1".Length];
    }
}
