using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>
/// Judges programs that a model wrote. The program runs in one shut-in process that sees inputs only; the benchmark's tests
/// run in another, to which only plain data comes back. The verdict is the harness's message with a nonce that the program
/// never saw; exit codes prove nothing, and anything but a well-formed message is a failure with its reason.
/// </summary>
internal sealed class CodeGrader(Sandbox sandbox, TimeSpan limit, int sideBySide)
{
    private static readonly string s_plain = Resource("plain_data.py"),
        s_candidate = s_plain + Resource("sanitize.py") + Resource("candidate.py"), s_harness = s_plain + Resource("harness.py");

    /// <summary>A grader in bubblewrap, with 10 s a program and as many side by side as there are cores.</summary>
    /// <param name="unsafeCode">Without bubblewrap: run the code unprotected.</param>
    /// <exception cref="InputException">There is no bubblewrap, and unprotected runs were not asked for.</exception>
    public static CodeGrader Create(bool unsafeCode = false)
    {
        string? problem = unsafeCode ? null : Sandbox.Problem();
        if (problem is not null)
            throw new InputException($"there is no sandbox for code that a model wrote: {problem}",
                fix: "Install bubblewrap (Debian: apt-get install bubblewrap python3). --unsafe-code runs it without: it can then read, "
                    + "change and send all that you can.");
        return new CodeGrader(new Sandbox(unsafeCode ? SandboxKind.None : SandboxKind.Bubblewrap), TimeSpan.FromSeconds(10),
            Environment.ProcessorCount);
    }

    private const string NeverSpoke = "the program ended before it was loaded";

    /// <summary>
    /// Verdicts in the order of the jobs. What ran out of time, or ended before it said anything, is tried once more,
    /// alone.
    /// </summary>
    public async Task<IReadOnlyList<CodeVerdict>> GradeAsync(IReadOnlyList<CodeJob> jobs, CancellationToken cancel = default)
    {
        var verdicts = new CodeVerdict[jobs.Count];
        var queue = new ConcurrentQueue<int>(Enumerable.Range(0, jobs.Count));
        await Task.WhenAll(Enumerable.Range(0, Math.Min(sideBySide, Math.Max(1, jobs.Count)))
            .Select(_ => Task.Run(() => WorkAsync(jobs, queue, verdicts, cancel), cancel))).ConfigureAwait(false);
        var late = new ConcurrentQueue<int>(Enumerable.Range(0, jobs.Count)
            .Where(i => verdicts[i].TimedOut || verdicts[i].Reason == NeverSpoke));
        if (!late.IsEmpty) await WorkAsync(jobs, late, verdicts, cancel).ConfigureAwait(false);
        return verdicts;
    }

    private async Task WorkAsync(IReadOnlyList<CodeJob> jobs, ConcurrentQueue<int> queue, CodeVerdict[] verdicts, CancellationToken cancel)
    {
        LinePipe? harness = null;
        try
        {
            while (queue.TryDequeue(out int i))
            {
                cancel.ThrowIfCancellationRequested();
                // It serves many jobs, each within the wall clock, so that no limit on its CPU time may add them up.
                harness ??= new LinePipe((sandbox with { CpuSeconds = int.MaxValue }).Start(s_harness));
                (CodeVerdict verdict, bool sound) = await JudgeAsync(jobs[i], harness, cancel).ConfigureAwait(false);
                verdicts[i] = verdict;
                if (sound) continue;
                harness.Dispose();
                harness = null;
            }
        }
        finally
        {
            harness?.Dispose();
        }
    }

    /// <returns>The verdict, and whether the harness may serve another job.</returns>
    private async Task<(CodeVerdict, bool)> JudgeAsync(CodeJob job, LinePipe harness, CancellationToken cancel)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        time.CancelAfter(limit);
        using var candidate = new LinePipe(sandbox.Start(s_candidate), sandbox.MemoryBytes);
        CodeVerdict Failed(string reason) => new(job.Id, Passed: false, TimedOut: false, candidate.OutOfMemory
            ? $"the program and what it started took more than {sandbox.MemoryBytes >> 20} MiB of memory" : reason);
        try
        {
            await candidate.WriteAsync(new JsonObject
            {
                ["code"] = job.Program,
                ["sanitize"] = job.Sanitize ? job.EntryPoint : null,
            }.ToJsonString(), time.Token).ConfigureAwait(false);
            byte[]? loaded = await candidate.ReadLineAsync(time.Token).ConfigureAwait(false);
            if (loaded is null) return (Failed(NeverSpoke), true);
            (_, string? fault) = Reply(loaded, 0);
            if (fault is not null) return (Failed(fault), true);
            string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            await harness.WriteAsync(new JsonObject { ["nonce"] = nonce, ["tests"] = job.Tests, ["entry"] = job.EntryPoint }.ToJsonString(),
                time.Token).ConfigureAwait(false);
            for (int call = 1; ; call++)
            {
                byte[]? said = await harness.ReadLineAsync(time.Token).ConfigureAwait(false);
                if (said is null) return (Failed("the tests ended without a verdict"), false);
                using JsonDocument message = JsonDocument.Parse(said, new JsonDocumentOptions { MaxDepth = 512 });
                if (message.RootElement.TryGetProperty("nonce", out JsonElement own))
                {
                    bool passed = own.GetString() == nonce && message.RootElement.GetProperty("passed").GetBoolean();
                    return (passed ? new CodeVerdict(job.Id, true, false, "") : Failed(message.RootElement.TryGetProperty("reason",
                        out JsonElement why) ? why.GetString()! : "a wrong nonce"), true);
                }
                bool there = await candidate.WriteAsync(said, time.Token).ConfigureAwait(false);
                (byte[]? answer, fault) = there ? Reply(await candidate.ReadLineAsync(time.Token).ConfigureAwait(false), call)
                    : (null, "the program ended before it answered");
                if (answer is null) return (Failed(fault!), false);
                await harness.WriteAsync(answer, time.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (new CodeVerdict(job.Id, false, TimedOut: true, $"ran out of time ({limit.TotalSeconds:0} s)"), false);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (Failed("a malformed message"), false);
        }
    }

    /// <summary>A candidate's line, when it is a well-formed answer to the call; else what is wrong with it.</summary>
    private static (byte[]? Line, string? Fault) Reply(byte[]? line, int call)
    {
        if (line is null) return (null, "the program ended, or said more than is taken, before it answered");
        try
        {
            using JsonDocument message = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 512 });
            JsonElement root = message.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("id", out JsonElement id)
                || id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out int number) || number != call)
                return (null, "the program sent a message that nothing asked for");
            if (!root.TryGetProperty("error", out JsonElement error))
                return root.TryGetProperty("ok", out _) ? (line, null) : (null, "the program sent a malformed message");
            if (error.ValueKind != JsonValueKind.String || !root.TryGetProperty("message", out JsonElement text)
                || text.ValueKind != JsonValueKind.String)
                return (null, "the program sent a malformed message");
            string fault = $"the program does not load: {error.GetString()}: {text.GetString()}";
            // An error while the program is loaded ends it; one in a call is the tests' to judge.
            return call == 0 ? (null, fault) : (line, null);
        }
        // The second: text with bytes or halves of pairs that are none.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, "the program sent a malformed message");
        }
    }

    private static string Resource(string name)
    {
        using var text = new StreamReader(typeof(CodeGrader).Assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd() + "\n";
    }
}
