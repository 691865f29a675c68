namespace Hone.Workflow.Tests.Loop;

/// <summary>One flipped bit, wherever it is: found before anything is made from it, and named.</summary>
public sealed class DamageTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sft/model/model.safetensors")]
    [InlineData("reward/model/config.json")]
    [InlineData("reward-check/reward_model.json")]
    [InlineData("offline-dpo/model-at-1-of-3/model.safetensors")]
    [InlineData("online-1/samples/samples-00000.jsonl")]
    [InlineData("online-1/pairs/pairs.jsonl")]
    [InlineData("online-2/pairs/health.json")]
    [InlineData("select/online-dpo-1/scores.json")]
    [InlineData("evaluate/sft/answers.jsonl")]
    public void A_flipped_bit_in_a_finished_result_is_named(string file)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        Flip(run.File(file), 0.7);
        string name = file.Split('/')[0] is "sft" or "reward" or "reward-check" or "offline-dpo"
            ? file.Split('/')[0]
            : string.Join('/', file.Split('/')[..2]);
        InputException refused = Assert.Throws<InputException>(() => run.Go());
        Assert.Contains($"a result of the finished stage {name} has changed: {file[(name.Length + 1)..]} is damaged: expected sha256",
            refused.Message, StringComparison.Ordinal);
        Assert.Contains($"--redo {name}", refused.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stage.json", "stage.json is damaged")]
    [InlineData("metrics.jsonl", "metrics.jsonl is damaged")]
    public void So_is_one_in_the_record_of_a_stage(string file, string message)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        Flip(run.File($"sft/{file}"), 0.1);
        Assert.Contains(message, Assert.Throws<InputException>(() => run.Go()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("state.json", 0.2)]
    [InlineData("state.safetensors", 0.01)]
    [InlineData("state.safetensors", 0.5)]
    [InlineData("state.safetensors", 0.999)]
    public void A_flipped_bit_in_a_training_state_is_named_and_the_run_ends_as_if_it_were_not_there(string file, double place)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        run.KillAt("online-2/dpo 3/3", ["save.keep_checkpoints=2"], ["online-2/dpo"]);
        Flip(run.File($"online-2/dpo/states/state-000002/{file}"), place);
        run.Lines.Clear();
        run.Go();
        Assert.Contains(run.Lines, l => l.StartsWith($"state-000002 is passed over: {file} is damaged", StringComparison.Ordinal));
        Assert.Contains("online-2/dpo: goes on from step 1 (state-000001)", run.Lines);
        Assert.Equal(Artefacts.Of(unbroken.Run.Folder)["online-2/dpo/model/model.safetensors"],
            Artefacts.Of(run.Folder)["online-2/dpo/model/model.safetensors"]);
        Assert.Equal(Artefacts.Of(unbroken.Run.Folder)["metrics.jsonl"], Artefacts.Of(run.Folder)["metrics.jsonl"]);
    }

    /// <summary>What the message advises leads to the end, and to the same end; also when that is killed on the way.</summary>
    [Theory]
    [InlineData("sft/model/model.safetensors", "sft")]
    [InlineData("offline-dpo/stage.json", "offline-dpo")]
    [InlineData("evaluate/offline-dpo/answers.jsonl", "evaluate/offline-dpo")]
    public void Doing_the_damaged_stage_again_mends_the_run(string file, string stage)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        Flip(run.File(file), 0.5);
        if (stage == "sft") run.KillAt("sft 3/5", redo: [stage]);
        run.Go(redo: stage == "sft" ? [] : [stage]);
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    /// <summary>No stage vouches for these two files of a finished run; the recipe decides, the times are only told.</summary>
    [Fact]
    public void A_flipped_bit_in_the_recipe_or_the_times_of_a_finished_run_is_named()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        File.AppendAllText(run.File("timing.jsonl"), "x");
        run.Go();
        Assert.Contains(run.Lines, l => l.StartsWith("since the run was finished: timing.jsonl has", StringComparison.Ordinal));
        run.Lines.Clear();
        run.Go();
        Assert.DoesNotContain(run.Lines, l => l.StartsWith("since the run was finished", StringComparison.Ordinal));
        string recipe = File.ReadAllText(run.File("recipe.yaml"));
        File.WriteAllText(run.File("recipe.yaml"),
            recipe.Replace("bootstrap_samples: 100", "bootstrap_samples: 101", StringComparison.Ordinal));
        InputException refused = Assert.Throws<InputException>(() => run.Go());
        Assert.Contains("the recipe of the finished run has changed: recipe.yaml is damaged: expected sha256", refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_the_run_that_were_damaged_are_put_right_and_named()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        Flip(run.File("metrics.jsonl"), 0.01);
        run.Go();
        Assert.Contains("sft: its rows in the run's metrics.jsonl were damaged, and are put right from its own", run.Lines);
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    /// <summary>The stage is done again, to the same end; its rows stand once.</summary>
    [Theory]
    [InlineData("sft")]
    [InlineData("evaluate/offline-dpo")]
    public void A_stage_whose_folder_was_deleted_is_noticed(string stage)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        Directory.Delete(run.File(stage), recursive: true);
        run.Go();
        Assert.Contains($"{stage}: was done, but its folder is gone; it is done again", run.Lines);
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    private static void Flip(string path, double place)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[(int)(place * bytes.Length)] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
