namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// A setting that was changed is never ignored: the first stage that depends on it refuses, by its name, and no other does.
/// </summary>
public sealed class ChangedSettingTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("seed=43", "sft", "seed: 42 -> 43")]
    [InlineData("data.limits.sft=19", "sft", "rows: 20 rows sha256:")]
    [InlineData("data.limits.preferences=42", "reward", "preferences: 48 rows sha256:")]
    [InlineData("data.held_out.selection=5", "reward-check", "prompts: 6 rows sha256:")]
    [InlineData("data.held_out.test=5", "evaluate/sft", "prompts: 6 rows sha256:")]
    [InlineData("online.prompts_per_iteration=11", "online-1/samples", "prompts: 12 rows sha256:")]
    [InlineData("precision=bf16", "sft", "precision: fp32 -> bf16")]
    [InlineData("sft.learning_rate=0.02", "sft", "sft.learning_rate: 0.01 -> 0.02")]
    [InlineData("reward.epochs=2", "reward", "reward.epochs: 1 -> 2")]
    [InlineData("evaluation.bootstrap_samples=200", "reward-check", "evaluation.bootstrap_samples: 100 -> 200")]
    [InlineData("offline_dpo.beta=0.2", "offline-dpo", "offline_dpo.beta: 0.1 -> 0.2")]
    [InlineData("online.length_penalty=0.01", "online-1/pairs", "online.length_penalty: 0 -> 0.01")]
    [InlineData("online.beta=0.2", "online-1/dpo", "online.beta: 0.1 -> 0.2")]
    [InlineData("online.reference=previous", "online-2/pairs", "reference: ")]
    [InlineData("online.learning_rate_decay=0.5", "online-2/dpo", "online.learning_rate: 0.001 -> 0.0005")]
    [InlineData("evaluation.max_new_tokens=13", "select/online-dpo-1", "evaluation.max_new_tokens: 12 -> 13")]
    public void It_is_refused_where_it_matters(string setting, string stage, string change)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        InputException refused = Assert.Throws<InputException>(() => run.Go(set: [setting]));
        Assert.Contains($"the stage {stage} was done with other settings", refused.Message, StringComparison.Ordinal);
        Assert.Contains(change, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"--redo {stage}", refused.Fix, StringComparison.Ordinal);
        // All stages before it are still good.
        string[] done = [.. run.Lines.Where(l => l.EndsWith(": already done", StringComparison.Ordinal))];
        Assert.Equal(stage != "sft", done.Contains("sft: already done"));
        Assert.DoesNotContain($"{stage}: already done", done);
    }

    [Theory]
    [InlineData("save.keep_checkpoints=3")]
    [InlineData("sft.save_every=7")]
    [InlineData("report.samples=1")]
    [InlineData("name=other")]
    [InlineData("sft.max_length=255")]
    [InlineData("online.eval_every=7")]
    public void What_changes_no_result_is_taken(string setting)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        run.Go(set: [setting]);
        Assert.Contains(run.Lines, l => l.StartsWith($"changed: {setting.Split('=')[0]}", StringComparison.Ordinal));
        Assert.Contains("evaluate/online-dpo-2: already done", run.Lines);
    }

    [Fact]
    public void Another_base_model_is_refused()
    {
        TinyModel.Write(_folder.File("other"), seed: 2);
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        InputException refused = Assert.Throws<InputException>(() => run.Go(set: [$"model={_folder.File("other")}"]));
        Assert.Contains("start: sha256:", refused.Message, StringComparison.Ordinal);
    }
}
