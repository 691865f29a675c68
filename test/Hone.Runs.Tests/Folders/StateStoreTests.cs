using System.Text;
using Hone.Data;

namespace Hone.Runs.Tests.Folders;

public class StateStoreTests
{
    internal static Dictionary<string, long> Cursors(int step) => new() { ["metrics_bytes"] = step * 7 };

    internal static void Write(StateWriter writer, int step)
    {
        using (Stream weights = writer.Create("weights.bin"))
        {
            weights.Write(Encoding.ASCII.GetBytes($"weights of step {step}, "));
            weights.Write(Encoding.ASCII.GetBytes("in two writes"));
        }
        using Stream moments = writer.Create("moments.bin");
        moments.Write(Encoding.ASCII.GetBytes($"moments {step}"));
    }

    internal static SavedState Save(StateStore store, int step) => store.Save(step, Cursors(step), w => Write(w, step));

    private static StateStore Store(TempFolder folder, List<string>? said = null, int keep = 3) =>
        new(folder.File("states"), DurableFiles.Instance, keep, (said ?? []).Add);

    [Fact]
    public void The_newest_state_is_found_with_its_files_and_cursors()
    {
        using TempFolder folder = new();
        StateStore store = Store(folder, keep: 2);
        Assert.Null(store.FindNewest());
        foreach (int step in new[] { 9, 10, 100, 1_000_000 }) Save(store, step);
        SavedState found = Store(folder).FindNewest()!;
        Assert.Equal((1_000_000, 7_000_000), (found.Step, found.Cursors["metrics_bytes"]));
        Assert.Equal("moments 1000000", File.ReadAllText(Path.Combine(found.Folder, "moments.bin")));
        Assert.Equal(["state-000100", "state-1000000"],
            Directory.GetFileSystemEntries(folder.File("states")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Files_written_by_path_and_in_folders_are_recorded_too()
    {
        using TempFolder folder = new();
        StateStore store = Store(folder);
        store.Save(1, Cursors(1), w =>
        {
            Directory.CreateDirectory(Path.Combine(w.Folder, "inner"));
            File.WriteAllText(Path.Combine(w.Folder, "inner", "a"), "abc");
        });
        List<string> said = [];
        Assert.NotNull(Store(folder).FindNewest());
        File.WriteAllText(Path.Combine(folder.Path, "states", "state-000001", "inner", "a"), "abd");
        Assert.Null(Store(folder, said).FindNewest());
        // SHA-256 of "abc" and of "abd"; the first is the example of FIPS 180-2.
        Assert.Equal("state-000001 is passed over: inner/a is damaged: expected sha256 "
            + "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, "
            + "found a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9", Assert.Single(said));
    }

    [Theory]
    [InlineData("truncated", "weights.bin has 10 bytes, expected")]
    [InlineData("missing", "weights.bin is missing")]
    [InlineData("wrong hash", "weights.bin is damaged: expected sha256")]
    [InlineData("empty file", "weights.bin has 0 bytes, expected")]
    [InlineData("empty folder", "state.json is missing")]
    [InlineData("empty manifest", "state.json is empty")]
    [InlineData("cut manifest", "state.json is damaged or cut off")]
    [InlineData("short manifest", "state.json is cut off")]
    [InlineData("renamed", "state.json is of step 2")]
    public void A_damaged_newest_state_is_passed_over_with_its_reason(string damage, string reason)
    {
        using TempFolder folder = new();
        List<string> said = [];
        StateStore store = Store(folder);
        Save(store, 1);
        string newest = Save(store, 2).Folder;
        string weights = Path.Combine(newest, "weights.bin");
        string manifest = Path.Combine(newest, "state.json");
        switch (damage)
        {
            case "truncated": File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..10]); break;
            case "missing": File.Delete(weights); break;
            case "wrong hash": File.WriteAllText(weights, File.ReadAllText(weights).Replace('w', 'v')); break;
            case "empty file": File.WriteAllBytes(weights, []); break;
            case "empty folder": Directory.Delete(newest, true); Directory.CreateDirectory(newest); break;
            case "empty manifest": File.WriteAllBytes(manifest, []); break;
            case "cut manifest": File.WriteAllBytes(manifest, File.ReadAllBytes(manifest)[..^1]); break;
            case "short manifest": File.WriteAllBytes(manifest, File.ReadAllBytes(manifest)[..9]); break;
            default: Directory.Move(newest, newest[..^1] + "5"); break;
        }
        store = Store(folder, said);
        Assert.Equal(1, store.FindNewest()!.Step);
        Assert.Contains(reason, Assert.Single(said), StringComparison.Ordinal);
        Assert.StartsWith("state-00000", said[0], StringComparison.Ordinal);
        Save(store, 2); // the damaged one gives way
        Assert.Equal(2, Store(folder).FindNewest()!.Step);
        Assert.Equal(2, Directory.GetDirectories(folder.File("states")).Length);
    }

    [Fact]
    public void Any_flipped_bit_is_found_and_its_file_named()
    {
        using TempFolder folder = new();
        string state = Save(Store(folder), 1).Folder;
        foreach (string file in Directory.GetFiles(state))
        {
            byte[] good = File.ReadAllBytes(file);
            for (int bit = 0; bit < good.Length * 8; bit += 7) // every byte, and each place within it in turn
            {
                byte[] bad = [.. good];
                bad[bit / 8] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(file, bad);
                List<string> said = [];
                Assert.Null(Store(folder, said).FindNewest());
                Assert.Contains(Path.GetFileName(file), Assert.Single(said), StringComparison.Ordinal);
                Assert.Contains("expected sha256", said[0], StringComparison.Ordinal);
            }
            File.WriteAllBytes(file, good);
        }
        Assert.Equal(1, Store(folder).FindNewest()!.Step);
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("/etc/passwd")]
    public void A_manifest_that_points_outside_is_refused(string path)
    {
        using TempFolder folder = new();
        string state = folder.File("states/state-000001");
        Directory.CreateDirectory(state);
        File.WriteAllBytes(Path.Combine(state, "state.json"), SealedJson.Seal(new()
        {
            ["step"] = 1,
            ["cursors"] = new System.Text.Json.Nodes.JsonObject(),
            ["files"] = new System.Text.Json.Nodes.JsonArray(new FileDigest(path, 1, "00").ToJson()),
        }));
        List<string> said = [];
        Assert.Null(Store(folder, said).FindNewest());
        Assert.Contains("leaves its folder", Assert.Single(said), StringComparison.Ordinal);
    }

    /// <summary>A state as version 0.1 wrote it: later versions must read it or name its format.</summary>
    [Theory]
    [InlineData(1, "ok")]
    [InlineData(2, "state.json has format 2, this version of Hone reads 1")]
    public void A_state_of_a_released_version_is_read_or_its_format_named(int format, string outcome)
    {
        using TempFolder folder = new();
        string state = folder.File("states/state-000003");
        Directory.CreateDirectory(state);
        File.WriteAllText(Path.Combine(state, "a"), "abc");
        string body = "{\n  \"format\": " + format
            + ",\n  \"step\": 3,\n  \"cursors\": {\n    \"metrics_bytes\": 21\n  },\n  \"files\": [\n    {\n      \"path\": \"a\",\n    "
            + "  \"length\": 3,\n"
            + "      \"sha256\": \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n    }\n  ]\n}";
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        File.WriteAllText(Path.Combine(state, "state.json"), body[..^2] + ",\n  \"sha256\": \"" + hash + "\"\n}\n");
        List<string> said = [];
        SavedState? found = Store(folder, said).FindNewest();
        if (outcome == "ok") Assert.Equal((3, 21), (found!.Step, found.Cursors["metrics_bytes"]));
        else Assert.EndsWith(outcome, Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_synced_is_an_error()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no fsync of folders");
        using TempFolder folder = new();
        DurableFiles.Instance.SyncFolder(folder.Path);
        Assert.Contains("open of the folder",
            Assert.Throws<IOException>(() => DurableFiles.Instance.SyncFolder(folder.File("none"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_state_of_a_step_that_is_saved_already_is_kept()
    {
        using TempFolder folder = new();
        StateStore store = Store(folder);
        Save(store, 4);
        SavedState again = store.Save(4, Cursors(4), _ => Assert.Fail("nothing is to be written"));
        Assert.Equal(4, again.Step);
    }

    [Fact]
    public void An_error_while_writing_is_passed_on_and_leaves_nothing()
    {
        using TempFolder folder = new();
        StateStore store = Store(folder);
        Save(store, 1);
        Assert.Throws<ArithmeticException>(() => store.Save(2, Cursors(2), w => { Write(w, 2); throw new ArithmeticException(); }));
        Assert.Equal(["state-000001"], Directory.GetFileSystemEntries(folder.File("states")).Select(Path.GetFileName));
    }
}
