// Peak memory of scoring, each in a process of its own as a user runs it: `hone score` on one full pass of 16,384 tokens and
// `hone logprobs` on one row of 8,192 tokens, both with a random model of 110 million weights.
//
//   dotnet run -c Release --project bench/Memory -- MODELS src/Hone.Cli/bin/Release/net10.0/hone.dll [1b]
//
// MODELS holds stories260K-hf, whose tokenizer makes the folders complete. The second argument is the build to measure. With
// 1b: `hone dpo` on one pair of 2 x 1,024 tokens with a random model of the shape of Llama-3.2-1B, with an adapter (LoRA) and
// with an adapter on 4-bit matrices (QLoRA), layers computed again in the backward pass.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Models;
using static TorchSharp.torch;

string tokenizer = Path.Combine(args[0], "stories260K-hf"), program = args[1];
LibTorch.Load();
var shape = new TransformerConfig
{
    VocabularySize = 32_000,
    HiddenSize = 768,
    IntermediateSize = 2048,
    LayerCount = 12,
    HeadCount = 12,
    KeyValueHeadCount = 12,
    HeadDim = 64,
    MaxPositions = 8192,
    TieEmbeddings = true,
    BosId = 1,
    EosIds = [2],
};
if (args is [.., "1b"])
    shape = shape with
    {
        VocabularySize = 128_256,
        HiddenSize = 2048,
        IntermediateSize = 8192,
        LayerCount = 16,
        HeadCount = 32,
        KeyValueHeadCount = 8,
    };
long weightBytes;
string folder = Directory.CreateTempSubdirectory("hone-memory-").FullName;
try
{
    if (args is [.., "1b"])
    {
        Train();
        return;
    }
    foreach (TransformerConfig config in (TransformerConfig[])[shape, shape with { IsRewardModel = true }])
    {
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed: 1);
        CheckpointFolder.Save(Path.Combine(folder, config.IsRewardModel ? "reward" : "language"),
            weights, config, ScalarType.Float32, tokenizer);
        foreach (Tensor weight in weights.Values) weight.Dispose();
    }

    // Two prompts with three answers each, of 2,046 tokens and what begins and ends them: together one default pass of 16,384.
    const int Length = 2046;
    var random = new Random(1);
    JsonArray Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => JsonValue.Create(random.Next(3, 500)))];
    string samples = Path.Combine(folder, "samples.jsonl"), rows = Path.Combine(folder, "rows.jsonl");
    File.WriteAllLines(samples, Enumerable.Range(0, 2).Select(_ => new JsonObject
    {
        ["prompt"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = Text(Length) }),
        ["responses"] = new JsonArray(Text(Length), Text(Length), Text(Length)),
    }.ToJsonString()));
    File.WriteAllText(rows, new JsonObject { ["ids"] = Ids(8192) }.ToJsonString() + "\n");

    weightBytes = new FileInfo(Path.Combine(folder, "reward", "model.safetensors")).Length;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"weights in fp32: {weightBytes / 1e9:F2} GB"));
    Measure("hone score, 16,384 tokens",
        ["score", "--model", Path.Combine(folder, "reward"), "--samples", samples, "--output", Path.Combine(folder, "scored.jsonl")]);
    Measure("hone logprobs, one row of 8,192 tokens", ["logprobs", "--model", Path.Combine(folder, "language"), "--input", rows]);

    void Train()
    {
        Dictionary<string, Tensor> weights = RandomWeights.Create(shape, seed: 1);
        string model = Path.Combine(folder, "language"), pairs = Path.Combine(folder, "pairs.jsonl");
        CheckpointFolder.Save(model, weights, shape, ScalarType.BFloat16, tokenizer);
        foreach (Tensor weight in weights.Values) weight.Dispose();
        File.WriteAllText(pairs, new JsonObject
        {
            ["prompt"] = "he", ["chosen"] = Text(1020), ["rejected"] = Text(1019) + " was",
        }.ToJsonString() + "\n");
        weightBytes = new FileInfo(Path.Combine(model, "model.safetensors")).Length;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"weights in bf16: {weightBytes / 1e9:F2} GB"));
        foreach (string frozen in new[] { "nf4", "compute" })
            Measure($"hone dpo, 2 x 1,024 tokens, adapter on {frozen} matrices",
                ["dpo", "--model", model, "--reference", model, "--pairs", pairs, "--output", Path.Combine(folder, "dpo-" + frozen),
                    "--set", "adapter.rank=16", "--set", "adapter.frozen=" + frozen, "--set", "offline_dpo.checkpoint_activations=block",
                    "--set", "offline_dpo.max_length=2048", "--set", "offline_dpo.batch_size=1"]);
    }

    void Measure(string what, string[] command)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. command]) { RedirectStandardOutput = true };
        var clock = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        long peak = 0;
        while (!process.WaitForExit(50)) peak = Math.Max(peak, Peak(process.Id));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: peak {peak / 1e9:F2} GB, {(peak - weightBytes) / 1e9:F2} GB above the weights, "
                + $"{clock.Elapsed.TotalSeconds:F0} s, exit code {process.ExitCode}"));
    }

    // Pieces of this text are one token each for the tokenizer.
    string Text(int tokens) => string.Concat(Enumerable.Range(0, tokens).Select(_ => " he"))[1..];
}
finally
{
    Directory.Delete(folder, recursive: true);
}

static long Peak(int process)
{
    try
    {
        string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line["VmHWM:".Length..^2].Trim(), CultureInfo.InvariantCulture) * 1024;
    }
    catch (IOException)
    {
        return 0; // it has just ended
    }
}
