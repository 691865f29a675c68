// Sampling speed of the libtorch engine on a model of the quickstart's size: 1024 answers of 50 tokens to 128 prompts.
// Run: dotnet run -c Release --project bench/Generation -- [answers at once ...]
// The check number must be the same for every batch size: answers do not depend on the batch.
using System.Diagnostics;
using Hone.Inference;
using Hone.Models;
using static TorchSharp.torch;

const int Prompts = 128, AnswersPerPrompt = 8, NewTokens = 50, Repeats = 5;

LibTorch.Load();
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

int[] batches = args.Length > 0 ? [.. args.Select(int.Parse)] : [32, 64, 128, 256, 512];
foreach (int rows in batches)
{
    using Scheduler engine = Scheduler.OnLibtorch(model, new StopRules(), limits: new BatchLimits(rows));
    double seconds = double.MaxValue;
    long check = 0;
    for (int i = 0; i < Repeats; i++)
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<Completion> answers = engine.Generate(requests);
        seconds = Math.Min(seconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
        check = answers.Sum(a => a.Ids.Select((id, at) => (long)id * (at + 1)).Sum());
    }
    Console.WriteLine($"{rows,5} rows at once {Prompts * AnswersPerPrompt * NewTokens / seconds,9:F0} tokens/s   check {check}");
}
