// MMLU with five examples: time per item of shared prefixes, beside a plain loop that scores choice after choice.
// Run: dotnet run -c Release --project bench/Scoring -- DATA [sample|full]
// DATA holds eval/mmlu and models/tinystories-656k-hf (its tokenizer). The model is a tiny random Llama with a context that
// holds five examples. `sample` times the first 12 questions of 8 subjects (a minute); `full` all 14,042 questions, subject by
// subject in both ways (half an hour).
using System.Diagnostics;
using Hone.Data;
using Hone.Evaluation;
using Hone.Inference;
using Hone.Models;
using Hone.Text;
using static TorchSharp.torch;

const int Rounds = 3, Subjects = 8, Questions = 12, PassTokens = 4096;
string data = args.Length > 0 ? args[0] : throw new ArgumentException("give the data folder");
LibTorch.Load();
Tokenizer tokenizer = Tokenizer.Load(Path.Combine(data, "models/tinystories-656k-hf"));
var config = new TransformerConfig
{
    VocabularySize = tokenizer.VocabularySize, HiddenSize = 64, IntermediateSize = 172,
    LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 2, HeadDim = 16,
    MaxPositions = 16384, TieEmbeddings = true,
};
using var model = new Transformer(config, RandomWeights.Create(config, seed: 1, deviation: 0.1), ScalarType.Float32);
var options = new TaskOptions { Data = [Path.Combine(data, "eval")], NumFewshot = 5 };

ScoredSequence[] Sequences(IEnumerable<EvalItem> items) => [.. items.SelectMany(i => i.Scores).Select(s =>
{
    int[] whole = tokenizer.Encode(s.Context.Text! + s.Continuation, addSpecial: true);
    return new ScoredSequence(whole, tokenizer.Encode(s.Context.Text!, addSpecial: true).Length);
})];

EvalTask[] tasks = [.. Mmlu.Subjects.Select(s => Mmlu.Create(s, options))];
ScoredSequence[][] sample = [.. tasks.Take(Subjects).Select(t => Sequences(t.Items.Take(Questions)))];
int items = Subjects * Questions;
var (shared, plain) = (new List<double>(), new List<double>());
double[] sharedScores = [], plainScores = [];
for (int round = 0; round < Rounds; round++)
{
    shared.Add(Time(() => sharedScores = [.. sample.SelectMany(Shared)]));
    plain.Add(Time(() => plainScores = [.. sample.SelectMany(s => s.Select(Plain))]));
}
double worst = sharedScores.Zip(plainScores, (a, b) => Math.Abs(a - b)).Max();
Console.WriteLine($"{items} items of {Subjects} subjects, five examples, "
    + $"{sample.Sum(s => s.Sum(x => (long)x.Ids.Length)) / (items * 4)} tokens a sequence; "
    + $"median of {Rounds} rounds, {Environment.ProcessorCount} cores");
Console.WriteLine($"plain loop      {Median(plain) / items * 1000,8:F1} ms an item");
Console.WriteLine($"shared prefixes {Median(shared) / items * 1000,8:F1} ms an item   {Median(plain) / Median(shared):F1} times as fast; "
    + $"largest difference of a log-likelihood {worst:E1}");
if (args is [_, "sample"]) return;
var (allShared, allPlain, difference) = (0.0, 0.0, 0.0);
foreach (EvalTask task in tasks)
{
    ScoredSequence[] sequences = Sequences(task.Items);
    double[] a = [], b = [];
    allShared += Time(() => a = Shared(sequences));
    allPlain += Time(() => b = [.. sequences.Select(Plain)]);
    difference = Math.Max(difference, a.Zip(b, (x, y) => Math.Abs(x - y)).Max());
}
int all = tasks.Sum(t => t.Items.Count);
Console.WriteLine($"all {all} items, subject by subject in turn:");
Console.WriteLine($"plain loop      {allPlain / all * 1000,8:F1} ms an item   {allPlain:F0} s");
Console.WriteLine($"shared prefixes {allShared / all * 1000,8:F1} ms an item   {allShared:F0} s   "
    + $"{allPlain / allShared:F1} times as fast; largest difference of a log-likelihood {difference:E1}");

double[] Shared(ScoredSequence[] s) =>
    [.. PrefixScorer.Score(model, s, Math.Max(PassTokens, 4 * s.Max(x => x.Ids.Length))).OrderBy(x => x.Index).Select(x => x.LogProb)];

// One sequence at a time, no padding, the same kernels and threads, logits of the scored positions only.
double Plain(ScoredSequence sequence)
{
    using var off = no_grad();
    using var scope = NewDisposeScope();
    var forest = new TokenForest();
    forest.AddRoot(sequence.Ids);
    var scored = new ScoredTokens();
    scored.AddSegment(forest, 0, 0, [.. sequence.Ids.Select((_, i) => i >= sequence.From)]);
    return LogProbHead.LogProbs(model, model.Hidden(forest), scored).sum().item<float>();
}

static double Time(Action action)
{
    long start = Stopwatch.GetTimestamp();
    action();
    return Stopwatch.GetElapsedTime(start).TotalSeconds;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
