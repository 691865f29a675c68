using System.Globalization;

namespace Hone.Runs;

/// <summary>
/// One process per run folder. The operating system holds the lock (<c>run.lock</c>) and drops it when the process
/// ends, however it ends, so a killed run leaves no stale lock. <c>run.owner</c> says who holds it.
/// </summary>
internal sealed class RunLock : IDisposable
{
    internal const string FileName = "run.lock", OwnerName = "run.owner";
    // A look at whether a run is in use (RunFolder.InUse) holds its lock for an instant.
    private static readonly TimeSpan s_instant = TimeSpan.FromMilliseconds(20);
    private const int Tries = 10;
    private readonly FileStream _lock;

    private RunLock(FileStream held) => _lock = held;

    internal static RunLock Take(string folder, TimeProvider clock)
    {
        string owner = Path.Combine(folder, OwnerName);
        FileStream? held = null;
        for (int tries = 1; held is null; tries++)
        {
            try
            {
                held = new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (tries < Tries)
            {
                Thread.Sleep(s_instant);
            }
            catch (IOException e)
            {
                string who = File.Exists(owner) ? File.ReadAllText(owner).Trim() : "another process";
                throw new InputException($"this run folder is in use by {who}", folder, "Wait for it to end, or stop it; then resume.", e);
            }
        }
        string since = clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        File.WriteAllText(owner, $"process {Environment.ProcessId} on {Environment.MachineName}, since {since} UTC\n");
        return new RunLock(held);
    }

    public void Dispose() => _lock.Dispose();
}
