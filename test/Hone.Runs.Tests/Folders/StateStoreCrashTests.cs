using Hone.Data;

namespace Hone.Runs.Tests.Folders;

/// <summary>Every place at which a save can fail, be killed or lose power.</summary>
public class StateStoreCrashTests
{
    private static readonly int[] s_steps = [100, 200, 300];

    private static StateStore Store(string root, IDurableFiles files, int keep = 1) =>
        new(Path.Combine(root, "states"), files, keep, _ => { });

    private static void Save(StateStore store, int step) => StateStoreTests.Save(store, step);

    /// <summary>The operations of three saves, and how many there were after each.</summary>
    private static (List<Operation> Trace, int[] Ends) Traced(int keep)
    {
        using TempFolder folder = new();
        TracedFiles files = new(folder.Path);
        StateStore store = Store(folder.Path, files, keep);
        return (files.Trace, [.. s_steps.Select(step =>
        {
            Save(store, step);
            return files.Trace.Count;
        })]);
    }

    [Fact]
    public void A_save_is_written_synced_renamed_and_synced_before_the_old_one_goes()
    {
        (List<Operation> trace, int[] ends) = Traced(keep: 1);
        Assert.Equal(
            """
            mkdir states/state-000200.partial
            create states/state-000200.partial/weights.bin
            write states/state-000200.partial/weights.bin
            write states/state-000200.partial/weights.bin
            create states/state-000200.partial/moments.bin
            write states/state-000200.partial/moments.bin
            fsync states/state-000200.partial/moments.bin
            fsync states/state-000200.partial/weights.bin
            fsyncdir states/state-000200.partial
            create states/state-000200.partial/state.json
            write states/state-000200.partial/state.json
            fsync states/state-000200.partial/state.json
            fsyncdir states/state-000200.partial
            rename states/state-000200.partial states/state-000200
            fsyncdir states
            rename states/state-000100 states/state-000100.deleted.partial
            unlink states/state-000100.deleted.partial/moments.bin
            unlink states/state-000100.deleted.partial/state.json
            unlink states/state-000100.deleted.partial/weights.bin
            rmdir states/state-000100.deleted.partial
            """.Split('\n'), trace[ends[0]..ends[1]].Select(o => o.ToString()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Killed_between_any_two_operations_a_complete_state_is_found_and_saving_goes_on(int keep)
    {
        (List<Operation> trace, int[] ends) = Traced(keep);
        for (int k = 0; k <= trace.Count; k++)
        {
            using TempFolder folder = new();
            bool killed = false;
            TracedFiles files = new(folder.Path)
            {
                Fault = (number, _) =>
                {
                    if (!(killed |= number == k)) return;
                    throw new KilledException();
                },
            };
            StateStore store = Store(folder.Path, files, keep);
            try
            {
                foreach (int step in s_steps) Save(store, step);
            }
            catch (KilledException)
            {
                Assert.True(killed);
            }
            store = Store(folder.Path, new TracedFiles(folder.Path), keep);
            Check(store.FindNewest(), ends.Count(e => e <= k), $"operation {k}");
            Save(store, 400);
            string[] left = [.. Directory.GetFileSystemEntries(Path.Combine(folder.Path, "states")).Select(e => Path.GetFileName(e)!)];
            Assert.Contains("state-000400", left);
            Assert.InRange(left.Length, 1, keep);
            Assert.DoesNotContain(left, l => l.EndsWith(".partial", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(false)] // one operation fails
    [InlineData(true)]  // the disk is full from there on; only removing works
    public void A_failure_at_any_operation_leaves_the_last_state_and_no_litter(bool full)
    {
        (List<Operation> trace, int[] ends) = Traced(keep: 1);
        for (int k = 0; k < trace.Count; k++)
        {
            using TempFolder folder = new();
            TracedFiles files = new(folder.Path)
            {
                Fault = (number, operation) =>
                {
                    if (number == k || (full && number > k && operation.Kind is "mkdir" or "create" or "write"))
                        throw new IOException("No space left on device");
                },
            };
            StateStore store = Store(folder.Path, files);
            InputException e = Assert.Throws<InputException>(() => Array.ForEach(s_steps, step => Save(store, step)));
            Assert.Contains("could not be saved: No space left on device", e.Message, StringComparison.Ordinal);
            int finished = ends.Count(end => end <= k);
            StateStore after = Store(folder.Path, new TracedFiles(folder.Path));
            SavedState? found = after.FindNewest();
            Check(found, finished, $"operation {k}");
            if (finished > 0) Assert.Matches($"The state of step ({s_steps[finished - 1]}|{found!.Step}) is intact", e.Message);
            string states = Path.Combine(folder.Path, "states");
            if (Directory.Exists(states))
                Assert.DoesNotContain(Directory.GetFileSystemEntries(states),
                    l => l.EndsWith(".partial", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void After_a_power_cut_at_any_moment_no_durable_state_is_lost(int keep)
    {
        (List<Operation> trace, int[] ends) = Traced(keep);
        Assert.Empty(Losses(trace, ends));
    }

    /// <summary>Shows that the check above can fail: a save that leaves out a sync is caught.</summary>
    [Theory]
    [InlineData("fsync")]
    [InlineData("fsyncdir")]
    public void A_save_without_its_syncs_would_be_caught(string kind)
    {
        (List<Operation> trace, int[] ends) = Traced(keep: 1);
        int[] shorter = [.. ends.Select(end => trace[..end].Count(o => o.Kind != kind))];
        Assert.NotEmpty(Losses([.. trace.Where(o => o.Kind != kind)], shorter));
    }

    private static List<string> Losses(List<Operation> trace, int[] ends)
    {
        List<string> losses = [];
        HashSet<(string, int)> seen = [];
        CrashDisk disk = new();
        for (int k = 0; k <= trace.Count; k++)
        {
            if (k > 0) disk.Apply(trace[k - 1]);
            foreach (UnsyncedData data in Enum.GetValues<UnsyncedData>())
            {
                foreach (string names in new[] { "none", "all", "states only", "all but states" })
                {
                    bool KeepNames(string at) => names switch
                    {
                        "none" => false,
                        "all" => true,
                        "states only" => at == "states",
                        _ => at != "states",
                    };
                    SortedDictionary<string, byte[]?> left = disk.AfterCrash(data, KeepNames);
                    int finished = ends.Count(e => e <= k);
                    if (!seen.Add((CrashDisk.Fingerprint(left), finished))) continue;
                    using TempFolder folder = new();
                    CrashDisk.Write(left, folder.Path);
                    try
                    {
                        Check(Store(folder.Path, new TracedFiles(folder.Path)).FindNewest(), finished,
                            $"{k} operations, data {data}, names {names}");
                    }
                    catch (Xunit.Sdk.XunitException e)
                    {
                        losses.Add(e.Message);
                    }
                }
            }
        }
        return losses;
    }

    /// <summary>The state found is the last one whose save returned, or the one being saved; and its content is right.</summary>
    private static void Check(SavedState? found, int finishedSaves, string when)
    {
        int step = found?.Step ?? 0;
        int last = finishedSaves == 0 ? 0 : s_steps[finishedSaves - 1];
        int next = finishedSaves == s_steps.Length ? last : s_steps[finishedSaves];
        Assert.True(step == last || step == next, $"{when}: found step {step}, expected {last} or {next}");
        if (found is null) return;
        Assert.Equal($"weights of step {step}, in two writes", File.ReadAllText(Path.Combine(found.Folder, "weights.bin")));
        Assert.Equal($"moments {step}", File.ReadAllText(Path.Combine(found.Folder, "moments.bin")));
        Assert.Equal(step * 7, found.Cursors["metrics_bytes"]);
    }
}
