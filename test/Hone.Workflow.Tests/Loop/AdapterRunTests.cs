using Hone.Inference;
using Hone.Models;
using Hone.Runs;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Loop;

/// <summary>The whole loop with a LoRA adapter in place of the weights.</summary>
public sealed class AdapterRunTests(Unbroken unbroken) : IDisposable
{
    private static readonly string[] s_adapter =
    [
        "adapter.rank=2", "adapter.alpha=4", "adapter.dropout=0.1",
        // Whatever else a training can be told to do on the way.
        "sft.optimizer_state=int8", "offline_dpo.optimizer_state=bf16", "offline_dpo.loss=0.8*sigmoid + 0.2*sft",
        "online.checkpoint_activations=block", "adapter.frozen=nf4",
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Stopped_after_every_third_optimiser_step_it_ends_with_the_same_bytes() => Stopped(3);

    [Fact(Explicit = true)]
    public void Stopped_after_every_optimiser_step_it_ends_with_the_same_bytes() => Stopped(1);

    private void Stopped(int steps)
    {
        // One folder at a time: an adapter names its base by its path.
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        run.Go(set: s_adapter);
        SortedDictionary<string, string> straight = Artefacts.Of(run.Folder);
        Directory.Delete(run.Folder, recursive: true);
        while (run.StopAfter(steps, set: s_adapter)) { }
        SortedDictionary<string, string> stopped = Artefacts.Of(run.Folder);
        Assert.Equal([], straight.Keys.Union(stopped.Keys).Where(k => straight.GetValueOrDefault(k) != stopped.GetValueOrDefault(k)));
        Assert.Contains("online-2/dpo/model/adapter_model.safetensors", straight.Keys);
        Assert.DoesNotContain(straight.Keys, k => k.EndsWith("model.safetensors", StringComparison.Ordinal)
            && !k.EndsWith(PeftFolder.WeightsFile, StringComparison.Ordinal));
    }

    [Fact]
    public void What_it_releases_answers_as_its_merged_form_does()
    {
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        RunResults results = run.Go(set: s_adapter);
        Assert.All(results.Iterations, i => Assert.True(i.Kl < 50));
        ComputeTarget target = ComputeTarget.Parse("cpu", "float32");
        string adapter = run.File("model");
        MergeError error = MergedModel.Write(adapter, target, _folder.File("merged"));
        Assert.InRange(error.Lost, 0, 1e-3);
        string mergedCard = File.ReadAllText(_folder.File("merged/README.md"));
        Assert.Contains("library_name: transformers", mergedCard, StringComparison.Ordinal);
        Assert.DoesNotContain("peft", mergedCard, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("## Training", mergedCard, StringComparison.Ordinal);
        using PretrainedModel adapted = PretrainedModel.OpenLanguageModel(adapter, target),
            merged = PretrainedModel.OpenLanguageModel(_folder.File("merged"), target);
        Assert.True(PeftConfig.IsIn(adapter));
        string card = File.ReadAllText(run.File("model/README.md"));
        Assert.Contains("library_name: peft", card, StringComparison.Ordinal);
        Assert.Contains("hone export . --merge", card, StringComparison.Ordinal);
        Assert.Equal(unbroken.Model, PeftConfig.Read(adapter).BaseModel);
        using var off = no_grad();
        Tensor a = Logits(adapted.Model), b = Logits(merged.Model);
        Assert.True((a - b).abs().max().item<float>() < 1e-4f);

        using PretrainedModel reward = PretrainedModel.OpenRewardModel(run.File("reward/model"), target);
        Assert.Equal(["score.weight"], reward.Model.Adapter!.Modules);
        Assert.True(reward.Model.Weights["score.weight"].abs().max().item<float>() > 0);
    }

    [Fact]
    public void A_fresh_adapter_in_each_stage_lies_on_the_one_before()
    {
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        run.Go(set: [.. s_adapter, "adapter.start=fresh"]);
        int Rank(string stage) => PeftConfig.Read(run.File($"{stage}/model")).Options.Rank;
        Assert.Equal((2, 4, 4, 6), (Rank("sft"), Rank("offline-dpo"), Rank("online-1/dpo"), Rank("online-2/dpo")));
    }

    [Fact]
    public void Full_training_that_starts_from_an_adapter_merges_it_first()
    {
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        run.KillAt("reward 1/4", set: s_adapter);
        ComputeTarget target = ComputeTarget.Parse("cpu", "float32");
        using PretrainedModel adapted = PretrainedModel.Open(run.File("sft/model"), target),
            whole = PretrainedModel.Open(run.File("sft/model"), target, new TrainingStart());
        Assert.Null(whole.Model.Adapter);
        using var off = no_grad();
        Assert.True((Logits(adapted.Model) - Logits(whole.Model)).abs().max().item<float>() < 1e-4f);
    }

    /// <summary>
    /// The score head of a reward model that an adapter was put on was neither trained nor stored, and the result could not be
    /// opened.
    /// </summary>
    [Fact]
    public void An_adapter_on_a_finished_reward_model_has_its_score_head_beside_it()
    {
        ComputeTarget target = ComputeTarget.Parse("cpu", "bfloat16");
        using (PretrainedModel fresh = PretrainedModel.OpenAsNewRewardModel(unbroken.Run.File("reward/model"), target,
            new TrainingStart(new LoraOptions { Rank = 2, Alpha = 4 }, Seed: 1)))
        {
            Assert.Equal([WeightNames.RewardHead], fresh.Model.Adapter!.Modules);
            Assert.Equal(ScalarType.Float32, fresh.Model.Trainable[WeightNames.RewardHead].dtype);
            CheckpointFolder.SaveAdapter(
                _folder.File("reward"), fresh.Model, unbroken.Run.File("reward/model"), unbroken.Run.File("reward/model"));
        }
        using PretrainedModel again = PretrainedModel.OpenRewardModel(_folder.File("reward"), target);
        Assert.True(again.Model.Weights[WeightNames.RewardHead].abs().max().item<float>() > 0);
    }

    /// <summary>As most adapters on a hub are: no configuration, no tokenizer, a base by its path.</summary>
    [Fact]
    public void A_bare_adapter_folder_is_completed_from_its_base()
    {
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        run.KillAt("offline-dpo 1/", set: s_adapter);
        string cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? "";
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _folder.File("cache"));
        try
        {
            foreach (string stage in new[] { "sft", "reward" })
            {
                string bare = _folder.File($"bare-{stage}");
                Directory.CreateDirectory(bare);
                foreach (string name in new[] { PeftConfig.FileName, PeftFolder.WeightsFile })
                    File.Copy(run.File($"{stage}/model/{name}"), Path.Combine(bare, name));
                using PretrainedModel model = PretrainedModel.Open(bare, ComputeTarget.Parse("cpu", "float32"));
                Assert.Equal(stage == "reward", model.Model.Config.IsRewardModel);
                Assert.NotNull(model.Text.Chat);
                using PretrainedModel same = PretrainedModel.Open(run.File($"{stage}/model"), ComputeTarget.Parse("cpu", "float32"));
                using var off = no_grad();
                Assert.Equal(0, (Hidden(model.Model) - Hidden(same.Model)).abs().max().item<float>());
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", cache.Length == 0 ? null : cache);
        }
    }

    [Fact]
    public void An_adapter_whose_base_is_gone_says_so()
    {
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        run.KillAt("reward 1/4", set: s_adapter);
        string config = run.File($"sft/model/{PeftConfig.FileName}");
        File.WriteAllText(config, File.ReadAllText(config).Replace(unbroken.Model, "/not/there", StringComparison.Ordinal));
        InputException e = Assert.Throws<InputException>(() =>
            PretrainedModel.Open(run.File("sft/model"), ComputeTarget.Parse("cpu", "float32")));
        Assert.Contains("/not/there", e.Message, StringComparison.Ordinal);
        Assert.Contains("base_model_name_or_path", e.Message, StringComparison.Ordinal);
    }

    private static Tensor Logits(Transformer model) => model.Logits(Hidden(model));

    private static Tensor Hidden(Transformer model)
    {
        var forest = new Hone.Data.TokenForest();
        forest.AddRoot([3, 5, 7, 9, 11, 13]);
        return model.Hidden(forest);
    }
}
