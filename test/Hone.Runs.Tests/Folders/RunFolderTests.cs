using System.Diagnostics;
using Hone.Runs.Recipes;
using Hone.Runs.Tests.Metrics;

namespace Hone.Runs.Tests.Folders;

public sealed class RunFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestClock _clock = new();

    public void Dispose() => _folder.Dispose();

    private string RunPath => RunFolder.DefaultPath(_folder.File("runs"), "try", _clock);

    private static ResolvedRecipe Recipe() => ResolvedRecipe.Parse("name: try\nonline: {beta: 0.3}\n", "recipe.yaml");

    private void Make() => RunFolder.Create(RunPath, Recipe(), _clock).Dispose();

    [Fact]
    public void A_run_has_its_recipe_and_manifest_under_its_date()
    {
        Make();
        Assert.EndsWith("runs/2025-01-31-try", RunPath.Replace('\\', '/'), StringComparison.Ordinal);
        (string path, RunManifest? manifest, _) = Assert.Single(RunFolder.List(_folder.File("runs")));
        Assert.Equal((RunPath, "try", "2025-01-31T12:00:00Z"), (path, manifest!.Name, manifest.Created));
        Assert.Null(manifest.Finished);
        _clock.Pass(60);
        using (RunFolder run = RunFolder.Resume(RunPath, _clock))
        {
            Assert.Equal(0.3, run.Recipe.Value.Online.Beta);
            run.MarkFinished(_clock);
        }
        manifest = Assert.Single(RunFolder.List(_folder.File("runs"))).Manifest;
        Assert.Equal(("2025-01-31T12:00:00Z", "2025-01-31T12:01:00Z"), (manifest!.Created, manifest.Finished));
    }

    /// <summary>Other ranks than the one that resumes a run need to know what carries their tensors.</summary>
    [Fact]
    public void The_recipe_of_a_run_can_be_read_while_another_process_holds_it()
    {
        Make();
        using RunFolder held = RunFolder.Resume(RunPath, _clock);
        Assert.Equal(0.3, RunFolder.RecipeOf(RunPath, []).Online.Beta);
        Assert.Equal(RankEngine.Mpi, RunFolder.RecipeOf(RunPath, [RecipeOverride.Flag("--x", "ranks.engine", "mpi")]).Ranks.Engine);
        Assert.Equal(RankEngine.Auto, RunFolder.RecipeOf(_folder.File("nowhere"), []).Ranks.Engine);
    }

    [Fact]
    public void Nothing_is_overwritten()
    {
        Make();
        // What was trained is not done again for nothing; a run in which nothing was done is begun anew.
        Directory.CreateDirectory(Path.Combine(RunPath, "sft", "states", "state-000001"));
        File.WriteAllText(Path.Combine(RunPath, "sft", "stage.json"), "{}");
        File.WriteAllText(Path.Combine(RunPath, "sft", "states", "state-000001", "state.json"), "{}");
        byte[] before = File.ReadAllBytes(Path.Combine(RunPath, "recipe.yaml"));
        InputException e = Assert.Throws<InputException>(Make);
        Assert.Contains("there is a run here already", e.Message, StringComparison.Ordinal);
        Assert.Contains($"hone run --resume {RunPath}", e.Fix, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(RunPath, "recipe.yaml")));
        File.WriteAllText(_folder.File("file"), "");
        Assert.Contains("something here already",
            Assert.Throws<InputException>(() => RunFolder.Create(_folder.File("file"), Recipe(), _clock)).Message,
            StringComparison.Ordinal);
        Assert.Contains("there is no run here", Assert.Throws<InputException>(() => RunFolder.Resume(_folder.Path, _clock)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_on_resume_is_listed_and_the_former_recipe_kept()
    {
        Make();
        using (RunFolder run = RunFolder.Resume(RunPath, _clock, [RecipeOverride.Set("online.beta=0.5"), RecipeOverride.Set("seed=42")]))
        {
            Assert.Equal(["online.beta: 0.3 -> 0.5"], run.Changes);
            Assert.Equal(("--set online.beta=0.5", "recipe.yaml:1", "default"),
                ($"{run.Recipe.OriginOf("online.beta")}", $"{run.Recipe.OriginOf("name")}",
                    $"{run.Recipe.OriginOf("online.samples.1.count")}"));
            Assert.Equal(0.5, run.Recipe.Value.Online.Beta);
        }
        using (RunFolder run = RunFolder.Resume(RunPath, _clock))
            Assert.Equal((0.5, 0, "--set online.beta=0.5"),
                (run.Recipe.Value.Online.Beta, run.Changes.Count, $"{run.Recipe.OriginOf("online.beta")}"));
        Assert.Equal(0.3, ResolvedRecipe.Load(Path.Combine(RunPath, "recipe.1.yaml")).Value.Online.Beta);
    }

    /// <summary>The kill came before the run had its manifest: nothing to go on with, and nothing in the way of beginning again.</summary>
    [Fact]
    public void What_a_kill_left_of_a_folder_without_a_manifest_is_begun_again()
    {
        Make();
        File.Delete(Path.Combine(RunPath, "manifest.json"));
        File.WriteAllText(Path.Combine(RunPath, "manifest.json.partial"), "{");
        Assert.False(RunFolder.Exists(RunPath));
        Make();
        Assert.True(RunFolder.Exists(RunPath));
        string other = _folder.File("other");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "recipe.yaml"), "name: mine\n");
        Assert.Contains("something here already", Assert.Throws<InputException>(() => RunFolder.Create(other, Recipe(), _clock)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_manifest_is_named()
    {
        Make();
        string manifest = Path.Combine(RunPath, "manifest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("try", "tri", StringComparison.Ordinal));
        Assert.Contains("manifest.json is damaged", Assert.Throws<InputException>(() => RunFolder.Resume(RunPath, _clock)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Sealed with a right hash, so its content is what somebody meant it to be: no run may stop the list of all.</summary>
    [Theory]
    [InlineData("\"name\": \"try\"", "\"name\": 7")]
    [InlineData("\"name\": \"try\"", "\"name\": null")]
    [InlineData("\"name\": \"try\"", "\"name\": \"try\", \"name\": \"other\"")]
    [InlineData("\"format\": 1", "\"format\": 1, \"format\": 1")]
    [InlineData("\"threads\": null", "\"threads\": 1e300")]
    [InlineData("\"files\": []", "\"files\": [7]")]
    [InlineData("\"origin\": \"default\"", "\"origin\": [], \"origin\": {}")]
    [InlineData("\"finished\": null", "\"finished\": {}")]
    public void A_manifest_with_duplicate_keys_or_wrong_types_stops_neither_the_list_nor_says_nothing(string from, string to)
    {
        Make();
        string path = Path.Combine(RunPath, "manifest.json"), text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        string body = text[..text.LastIndexOf(",\n  \"sha256\"", StringComparison.Ordinal)].Replace(from, to, StringComparison.Ordinal);
        string hash = FileDigest.Hex(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(body + "\n}")));
        File.WriteAllText(path, $"{body},\n  \"sha256\": \"{hash}\"\n}}\n");
        (_, RunManifest? manifest, string? problem) = Assert.Single(RunFolder.List(_folder.File("runs")));
        Assert.Null(manifest);
        Assert.NotNull(problem);
        Assert.Contains(problem, Assert.Throws<InputException>(() => RunFolder.Resume(RunPath, _clock)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_with_another_number_of_threads_is_told()
    {
        using (RunFolder run = RunFolder.Create(RunPath, Recipe(), _clock)) Assert.Null(run.Begin(4, _clock));
        using (RunFolder run = RunFolder.Resume(RunPath, _clock)) Assert.Null(run.Begin(4, _clock));
        using (RunFolder run = RunFolder.Resume(RunPath, _clock))
        {
            Assert.Equal(4, run.Begin(2, _clock));
            run.MarkFinished(_clock);
        }
        Assert.Equal(2, Assert.Single(RunFolder.List(_folder.File("runs"))).Manifest!.Threads);
    }

    [Fact]
    public void A_second_opening_is_refused_until_the_first_ends()
    {
        using (RunFolder.Create(RunPath, Recipe(), _clock))
        {
            InputException e = Assert.Throws<InputException>(() => RunFolder.Resume(RunPath, _clock));
            Assert.Contains($"in use by process {Environment.ProcessId} on", e.Message, StringComparison.Ordinal);
            Assert.Contains("since 2025-01-31 12:00:00 UTC", e.Message, StringComparison.Ordinal);
        }
        RunFolder.Resume(RunPath, _clock).Dispose();
    }

    [Fact]
    public void Another_processs_lock_is_seen_and_is_gone_when_it_is_killed()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/flock")) Assert.Skip("needs flock");
        Make();
        ProcessStartInfo start =
            new("/usr/bin/flock", ["--exclusive", "--no-fork", Path.Combine(RunPath, "run.lock"), "sh", "-c",
                "echo held; exec sleep 60"])
            { RedirectStandardOutput = true };
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.Equal("held", holder.StandardOutput.ReadLine());
            Assert.Contains("in use by", Assert.Throws<InputException>(() => RunFolder.Resume(RunPath, _clock)).Message,
                StringComparison.Ordinal);
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }
        RunFolder.Resume(RunPath, _clock).Dispose();
    }
}
