using System.Diagnostics;
using System.Globalization;
using Hone.Data;
using Hone.Models;
using Hone.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Bench.Training;

/// <summary>Live tensors and resident memory of a process over many DPO steps of a small model, with and without an adapter.</summary>
internal static class Leak
{
    public static void Run(int steps)
    {
        set_num_threads(1);
        foreach (bool adapted in new[] { false, true })
        {
            TransformerConfig config = Shapes.Of("tiny");
            var lora = new LoraOptions { Rank = 8, Alpha = 16, Dropout = 0.1 };
            LoraAdapter? adapter = adapted ? LoraAdapter.Create(config, lora, 1, CPU) : null;
            using var model = new Transformer(config, RandomWeights.Create(config, 1), ScalarType.BFloat16, adapter);
            Rows.Pair[] pairs = Rows.Pairs("dpo", config.VocabularySize);
            PromptExample[] examples = [.. pairs
                .Select(p => PromptExample.FromPair(new PreferenceExample(p.Prompt, p.Chosen, p.Rejected)))
                .Select(e => e with { ReferenceLogps = [-1000, -1000] })];
            using Process self = Process.GetCurrentProcess();
            using var trainer = new Trainer<PromptExample>(model, new DpoObjective(new PreferenceLossOptions()), examples, [],
                new TrainingOptions { LearningRate = 1e-4, BatchSize = examples.Length, Epochs = steps, Seed = 1 },
                new TrainingHooks(report =>
                {
                    if (report.Step % Math.Max(1, steps / 10) != 0) return;
                    self.Refresh();
                    long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{(adapted ? "lora" : "full")} step {report.Step,4}: {live} live tensors, "
                            + $"{self.WorkingSet64 / 1e6:F1} MB resident"));
                }, (_, _) => { }, (_, _) => { }));
            trainer.Run(CancellationToken.None);
        }
    }
}
