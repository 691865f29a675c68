using System.Globalization;
using Hone.Data;

namespace Hone.Runs;

/// <summary>
/// One process per run folder. The operating system holds the lock (<c>run.lock</c>) and drops it when the process
/// ends, however it ends, so a killed run leaves no stale lock. <c>run.owner</c> says who holds it.
/// </summary>
internal sealed class RunLock : IDisposable
{
    internal const string FileName = "run.lock", OwnerName = "run.owner";
    private readonly FileStream _lock;

    private RunLock(FileStream held) => _lock = held;

    internal static RunLock Take(string folder, TimeProvider clock)
    {
        string owner = Path.Combine(folder, OwnerName);
        if (HeldFile.TryTake(Path.Combine(folder, FileName)) is not { } held)
        {
            string who = File.Exists(owner) ? File.ReadAllText(owner).Trim() : "another process";
            throw new InputException($"this run folder is in use by {who}", folder, "Wait for it to end, or stop it; then resume.");
        }
        string since = clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        File.WriteAllText(owner, $"process {Environment.ProcessId} on {Environment.MachineName}, since {since} UTC\n");
        return new RunLock(held);
    }

    public void Dispose() => _lock.Dispose();
}
