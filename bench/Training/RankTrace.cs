using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hone.Data;
using Hone.Models;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Bench.Training;

/// <summary>
/// When each bucket of gradients leaves and arrives, beside the backward pass: once with the buckets leaving as they are complete, once
/// with all of them leaving at its end.
/// </summary>
internal static class RankTrace
{
    /// <summary>One rank; rank 0 prints, and writes the first way as a Chrome trace (chrome://tracing, Perfetto).</summary>
    public static void Run(Ranks ranks, TracedCollective traced, string shape, string file)
    {
        TransformerConfig config = Shapes.Of(shape);
        int[][] rows = [.. Rows.Conversations("sft", config.VocabularySize).Where((_, i) => i % ranks.Size == ranks.Rank)];
        SftExample[] examples = [.. rows.Select(ids => new SftExample(ids, [.. ids.Select(_ => true)]))];
        using var model = new Transformer(config, RandomWeights.Create(config, 1), ScalarType.Float32);
        foreach (Tensor weight in model.Trainable.Values) weight.requires_grad_(true);
        using var buckets = new GradientBuckets(model.Trainable, ranks);
        Once(overlapped: true); // warms up
        Pass early = Once(overlapped: true);
        Dictionary<string, Tensor> kept = model.Trainable.ToDictionary(w => w.Key, w => w.Value.grad!.clone());
        Pass late = Once(overlapped: false);
        bool equal = model.Trainable.All(w => w.Value.grad!.eq(kept[w.Key]).all().item<bool>());
        byte[][] all = ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(early));
        if (!ranks.Leads) return;
        early.Print("buckets leave as they are complete");
        late.Print("buckets leave after the backward pass");
        Console.WriteLine($"gradients of both have {(equal ? "the same bits" : "OTHER BITS")}");
        File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(
            all.SelectMany((bytes, rank) => JsonSerializer.Deserialize<Pass>(bytes)!.Events(rank))));

        Pass Once(bool overlapped)
        {
            foreach (Tensor weight in model.Trainable.Values) weight.grad?.zero_();
            traced.Journeys.Clear();
            ranks.Broadcast(zeros(1), 0); // all begin together
            using var scope = NewDisposeScope();
            model.LayerDone = overlapped ? buckets.LayerDone : null;
            long begun = Stopwatch.GetTimestamp();
            Tensor loss = new SftObjective().Loss(model, examples, new StepMetrics());
            long forward = Stopwatch.GetTimestamp();
            loss.backward();
            long backward = Stopwatch.GetTimestamp();
            model.LayerDone = null;
            buckets.Finish();
            return new Pass(begun, forward, backward, Stopwatch.GetTimestamp(), [.. traced.Journeys]);
        }
    }
}

/// <summary>Moments of one pass, in ticks of the machine's clock.</summary>
internal sealed record Pass(long Begun, long Forward, long Backward, long Ended, Journey[] Journeys)
{
    private static double Ms(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;

    public void Print(string title)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{title}: forward {Ms(Forward - Begun):F0} ms, backward {Ms(Backward - Forward):F0} ms, then {Ms(Ended - Backward):F0} ms "
                + $"of waiting; {Journeys.Count(j => j.Done < Backward)} of {Journeys.Length} buckets arrived during the backward pass"));
        Console.WriteLine("  bucket      MB   sent   arrived (ms from the backward pass's beginning)");
        foreach ((int number, Journey j) in Journeys.Index())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {number,6} {j.Bytes / 1e6,7:F1} {Ms(j.Sent - Forward),6:F0} {Ms(j.Done - Forward),9:F0}"));
    }

    /// <summary>Complete events ("ph": "X") of the Trace Event Format, in microseconds.</summary>
    public IEnumerable<object> Events(int rank)
    {
        yield return Event("forward", 0, Begun, Forward);
        yield return Event("backward", 0, Forward, Backward);
        yield return Event("wait", 0, Backward, Ended);
        // Two buckets that travel at once need two rows.
        foreach ((int number, Journey j) in Journeys.Index())
            yield return Event($"bucket {number}, {j.Bytes / 1_000_000} MB", 1 + (number % 4), j.Sent, j.Done);

        object Event(string name, int row, long from, long to) =>
            new { name, ph = "X", pid = rank, tid = row, ts = 1000 * Ms(from), dur = 1000 * Ms(to - from) };
    }
}

/// <summary>A bucket on its way.</summary>
internal sealed record Journey(long Bytes, long Sent)
{
    public long Done { get; set; }
}

/// <summary>Notes when each sum begins and is done; somebody has to look, as the collective does not tell.</summary>
internal sealed class TracedCollective(ICollective inner) : ICollective
{
    public List<Journey> Journeys { get; } = [];

    public string Name => inner.Name;

    public Device Device => inner.Device;

    public Func<bool> AllReduce(Tensor tensor)
    {
        var journey = new Journey(tensor.numel() * 4, Stopwatch.GetTimestamp());
        Journeys.Add(journey);
        Func<bool> work = inner.AllReduce(tensor);
        Task arrived = Task.Factory.StartNew(() =>
        {
            while (!work()) Thread.Sleep(1); // no event tells that a sum is done
            journey.Done = Stopwatch.GetTimestamp();
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return () => arrived.IsCompleted && (arrived.IsCompletedSuccessfully ? true : throw new IOException("a rank was lost"));
    }

    public Func<bool> Broadcast(Tensor tensor, int root) => inner.Broadcast(tensor, root);

    public void Abort() => inner.Abort();

    public void Dispose() => inner.Dispose();
}
