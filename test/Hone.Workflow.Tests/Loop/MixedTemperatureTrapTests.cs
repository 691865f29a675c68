using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 27: the paper samples half of a prompt's answers at temperature 1.0 and half at 0.7; the released scripts cannot.
/// </summary>
public sealed class MixedTemperatureTrapTests(Unbroken unbroken)
{
    private static readonly PromptRow[] s_prompts =
        [.. new[] { "Start a garden.", "Tie a knot.", "Find a path." }.Select(p => new PromptRow([ChatMessage.User(p)]))];

    [Fact]
    public void Trap_27_four_at_1_and_four_at_07_for_every_prompt_by_default()
    {
        var engine = new RecordingEngine();
        ModelText text = ModelText.Load(unbroken.Model);
        IReadOnlyList<SampleRow> rows =
            AnswerSampling.Sample(engine, text, s_prompts, new Recipe().Online.Samples, 7, seed: 1, TestContext.Current.CancellationToken);
        Assert.Equal(3, rows.Count);
        foreach ((PromptRow prompt, SampleRow row) in s_prompts.Zip(rows))
        {
            GenerationRequest[] asked = [.. engine.Requests.Where(r => r.PromptIds.SequenceEqual(row.PromptIds!))];
            Assert.Equal([(1.0, 4), (0.7, 4)], asked.Select(r => (r.Options.Temperature, r.Count)));
            Assert.All(asked, r => Assert.Equal((true, 7), (r.Options.DoSample, r.Options.MaxNewTokens)));
            Assert.Equal((prompt.Messages, 8), (row.Prompt, row.Count));
            // In the order of the groups: the engine below answers with the temperature in tenths.
            Assert.Equal([10, 10, 10, 10, 7, 7, 7, 7], row.ResponseIds!.Select(a => a[0]));
        }
        Assert.Equal(6, engine.Requests.Select(r => r.Options.Seed).Distinct().Count());
    }

    /// <summary>With a real engine: the answers of a group are those that it would have alone, whatever else is sampled.</summary>
    [Fact]
    public void Trap_27_groups_do_not_disturb_each_other()
    {
        using PretrainedModel model = PretrainedModel.Open(unbroken.Model, ComputeTarget.Parse("cpu", "float32"));
        IReadOnlyList<SampleRow> Sample(params SampleOptions[] groups) =>
            AnswerSampling.Sample(model.CreateEngine(), model.Text, s_prompts, groups, 10, seed: 5, TestContext.Current.CancellationToken);
        SampleOptions hot = new() { Count = 4, Temperature = 1.0 }, cool = new() { Count = 4, Temperature = 0.7 };
        foreach ((SampleRow both, SampleRow alone) in Sample(hot, cool).Zip(Sample(hot)))
        {
            Assert.Equal(alone.ResponseIds!, both.ResponseIds![..4]);
            Assert.Equal(8, both.ResponseIds!.Select(a => string.Join(' ', a)).Distinct().Count());
        }
    }

    private sealed class RecordingEngine : IGenerationEngine
    {
        internal List<GenerationRequest> Requests { get; } = [];

        public GenerationStream Submit(IReadOnlyList<GenerationRequest> requests, CancellationToken cancel)
        {
            Requests.AddRange(requests);
            return new GenerationStream(AsyncEnumerable.Empty<GeneratedToken>(), Task.FromResult<IReadOnlyList<Completion>>(
                [.. requests.SelectMany((r, i) => Enumerable.Range(0, r.Count).Select(k =>
                    new Completion(i, k, [(int)Math.Round(r.Options.Temperature * 10)], [0], FinishReasons.Stop)))]));
        }
    }
}
