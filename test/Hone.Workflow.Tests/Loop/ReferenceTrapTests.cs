using Hone.Inference;
using Hone.Data;
using Hone.Models;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 16: the public code ignores its stored reference log-probabilities. Trap 20: its reference moves. Here they are
/// what DPO uses, and they are SFT's in every iteration unless the recipe says otherwise.
/// </summary>
public sealed class ReferenceTrapTests(Unbroken unbroken) : IDisposable
{
    private const double Ln2 = 0.693147180559945;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("online-1/pairs/pairs.jsonl")]
    [InlineData("online-2/pairs/pairs.jsonl")]
    public void Trap_16_stored_references_are_those_of_the_reference_model_and_give_the_same_loss(string file)
    {
        using PretrainedModel sft = Open(unbroken.Run, "sft/model"), policy = Open(unbroken.Run, "online-1/dpo/model");
        PairRow[] pairs = [.. RowFile.ReadPairs(unbroken.Run.File(file))];
        IReadOnlyList<PromptExample> stored = ReferenceLogProbs.Read(pairs, sft.Text, file);
        // Live: each answer by itself, from logits, as a loss without a store would have it.
        PromptExample[] live =
            [.. stored.Select(e => e with { ReferenceLogps = [.. e.Answers.Select(a => PlainLogProb(sft.Model, e.Prompt, a))] })];
        Assert.All(stored.Zip(live), both =>
            Assert.All(both.First.ReferenceLogps!.Zip(both.Second.ReferenceLogps!), r => Assert.Equal(r.Second, r.First, 1e-4)));
        double loss = Loss(policy.Model, live);
        Assert.Equal(loss, Loss(policy.Model, stored), 1e-5);
        Assert.True(Math.Abs(loss - Ln2) > 1e-4, $"{loss}");
        // They are read: others give another loss.
        PromptExample[] others = [.. stored.Select(e => e with { ReferenceLogps = [e.ReferenceLogps![0] - 1, e.ReferenceLogps[1]] })];
        Assert.True(Loss(policy.Model, others) < loss - 0.01);
    }

    [Fact]
    public void Trap_20_the_reference_is_sft_in_every_iteration()
    {
        Assert.Equal(OnlineReference.Sft, new Recipe().Online.Reference);
        AssertReference(unbroken.Run, "online-2/pairs/pairs.jsonl", "sft/model", "online-1/dpo/model");
    }

    [Fact]
    public void Trap_20_previous_moves_it_to_the_iterations_start()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        run.KillAt("online-2/dpo 2/3", ["online.reference=previous"], ["online-2/pairs"]);
        AssertReference(run, "online-2/pairs/pairs.jsonl", "online-1/dpo/model", "sft/model");
        Assert.Equal(Ln2, FirstLoss(run, "online-2/dpo"), 1e-6);
    }

    [Theory]
    [InlineData("offline-dpo")]
    [InlineData("online-1/dpo")]
    public void At_step_0_the_policy_is_the_reference_and_the_loss_ln_2(string stage) =>
        Assert.Equal(Ln2, FirstLoss(unbroken.Run, stage), 1e-6);

    /// <summary>The second iteration starts from the first one's model, which is not its reference.</summary>
    [Fact]
    public void Not_so_in_the_second_iteration() => Assert.True(Math.Abs(FirstLoss(unbroken.Run, "online-2/dpo") - Ln2) > 1e-6);

    private static double FirstLoss(TinyRun run, string stage) =>
        MetricsRow.Read(run.File("metrics.jsonl")).First(r => r.Stage == stage && r.Step == 1).Values["loss"];

    private static void AssertReference(TinyRun run, string file, string expected, string not)
    {
        PairRow[] pairs = [.. RowFile.ReadPairs(run.File(file))];
        Assert.NotEmpty(pairs);
        double Distance(string name)
        {
            using PretrainedModel model = Open(run, name);
            return pairs.Max(p => Math.Max(
                Math.Abs(PlainLogProb(model.Model, p.PromptIds!, p.ChosenIds!) - p.ReferenceChosenLogp!.Value),
                Math.Abs(PlainLogProb(model.Model, p.PromptIds!, p.RejectedIds!) - p.ReferenceRejectedLogp!.Value)));
        }
        Assert.InRange(Distance(expected), 0, 1e-4);
        Assert.InRange(Distance(not), 1e-2, 1e9);
    }

    private static PretrainedModel Open(TinyRun run, string name) =>
        PretrainedModel.Open(run.File(name), ComputeTarget.Parse("cpu", "float32"));

    private static double Loss(Transformer model, IReadOnlyList<PromptExample> examples)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        return new DpoObjective(new() { Beta = 0.5 }).Loss(model, examples, new StepMetrics()).item<float>() / examples.Count;
    }

    private static double PlainLogProb(Transformer model, int[] prompt, int[] answer)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        forest.AddRoot([.. prompt, .. answer]);
        Tensor logps = nn.functional.log_softmax(model.Logits(model.Hidden(forest)).to(ScalarType.Float64), dim: 1);
        return answer.Select((id, i) => logps[prompt.Length + i - 1, id].item<double>()).Sum();
    }
}
