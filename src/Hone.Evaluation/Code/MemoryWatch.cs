using System.Globalization;

namespace Hone.Evaluation;

/// <summary>
/// Ends a child once it and all that it started hold more memory together than one of them may: limits of the kernel count
/// each process for itself. Looks every 50 ms at the resident sizes in /proc; pages that processes share count for each.
/// </summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly Timer _timer;
    private readonly int _root;
    private readonly long _bytes;
    private readonly Action _end;
    private volatile bool _exceeded;

    /// <param name="end">Called once, when there is more than that many bytes.</param>
    public MemoryWatch(int process, long bytes, Action end)
    {
        (_root, _bytes, _end) = (process, bytes, end);
        _timer = new Timer(_ => Look(), null, 50, 50);
    }

    public bool Exceeded => _exceeded;

    private void Look()
    {
        if (_exceeded || Resident(_root, 0) <= _bytes) return;
        _exceeded = true;
        _end();
    }

    private static long Resident(int process, int depth)
    {
        if (depth > 64) return 0;
        try
        {
            long bytes = long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1],
                CultureInfo.InvariantCulture) * Environment.SystemPageSize;
            foreach (string task in Directory.EnumerateDirectories($"/proc/{process}/task"))
            {
                foreach (string child in File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    bytes += Resident(int.Parse(child, CultureInfo.InvariantCulture), depth + 1);
            }
            return bytes;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return 0;
        }
    }

    public void Dispose() => _timer.Dispose();
}
