// Sampling speed on a model of the quickstart's size: 1024 answers of 50 tokens to 128 prompts, by each engine.
// Run: dotnet run -c Release --project bench/Generation -- [answers at once ...]
//      dotnet run -c Release --project bench/Generation -- soak TOKENS [SEED]
//      dotnet run -c Release --project bench/Generation -- check DEVICE | speed DEVICE SHAPE PROMPT ROWS ...   for eng/gpu-check.sh
// The check number of an engine must be the same for every row: answers do not depend on what is computed beside them.
using System.Diagnostics;
using Hone.Inference;
using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

const int Prompts = 128, AnswersPerPrompt = 8, NewTokens = 50, Repeats = 5;

LibTorch.Load();
if (args is ["soak", var tokens, .. var seed])
    return Soak.Run(long.Parse(tokens), seed.Length > 0 ? int.Parse(seed[0]) : 1);
if (args is ["check", var where]) return OnDevice.Compare(where) ? 0 : 1;
if (args is ["speed", var place, var shape, var length, .. var many])
{
    OnDevice.Speed(place, shape, int.Parse(length), [.. many.Select(int.Parse)]);
    return 0;
}
var config = new TransformerConfig
{
    VocabularySize = 350, HiddenSize = 128, IntermediateSize = 344, LayerCount = 3, HeadCount = 4, KeyValueHeadCount = 4, HeadDim = 32,
    MaxPositions = 256, TieEmbeddings = true,
};
using var model = new Transformer(config, RandomWeights.Create(config, seed: 1, deviation: 0.1), ScalarType.Float32);
var random = new Random(1);
GenerationRequest[] requests = [.. Enumerable.Range(0, Prompts).Select(i => new GenerationRequest(
    [.. Enumerable.Range(0, 20 + random.Next(20)).Select(_ => random.Next(config.VocabularySize))],
    new SamplingOptions { DoSample = true, MaxNewTokens = NewTokens, Seed = (ulong)i },
    AnswersPerPrompt))];
(string Name, Func<IForwardEngine> Create)[] engines =
    [("libtorch", () => new LibtorchEngine(model)), ("cpu fp32", () => new CpuEngine(model, CpuFormat.Float32))];

foreach (int rows in args.Length > 0 ? [.. args.Select(int.Parse)] : (int[])[64, 128, 256, 512])
{
    foreach ((string name, Func<IForwardEngine> create) in engines)
    {
        using var scheduler = new Scheduler(create, config, new StopRules(), tokenizer: null, new BatchLimits(rows), KeptBetween.Nothing);
        double seconds = double.MaxValue;
        long check = 0;
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<Completion> answers = scheduler.Generate(requests);
            seconds = Math.Min(seconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
            check = answers.Sum(a => a.Ids.Select((id, at) => (long)id * (at + 1)).Sum());
        }
        Console.WriteLine($"{name,-9} {rows,4} at once {Prompts * AnswersPerPrompt * NewTokens / seconds,9:F0} tokens/s   check {check}");
    }
}
return 0;
