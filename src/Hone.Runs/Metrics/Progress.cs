using System.Globalization;

namespace Hone.Runs.Metrics;

/// <summary>Where a stage stands after a step. <paramref name="Values"/> are shown in the order given.</summary>
public sealed record ProgressStep(
    string Stage, int Step, int TotalSteps, IReadOnlyList<KeyValuePair<string, double>> Values, long Tokens, long MemoryBytes)
{
    /// <summary>Floating-point operations of the step.</summary>
    internal double Work { get; init; }

    /// <summary>How many the machine reaches a second at its best; 0 where that is not known.</summary>
    internal double Peak { get; init; }
}

/// <summary>
/// Progress for people: in a terminal one line that is rewritten, elsewhere a plain line every so often and at each
/// stage's first and last step. Speed and remaining time count from the stage's first step seen, so a resumed stage is
/// not credited with the steps done before.
/// </summary>
public sealed class ProgressDisplay(TextWriter output, bool live, TimeProvider clock, TimeSpan plainInterval, Func<int>? width = null)
{
    private static readonly TimeSpan s_liveInterval = TimeSpan.FromMilliseconds(100);
    private string? _stage;
    private long _begun;
    private int _firstStep;
    private long _tokens;
    private double _work;
    private long _lastShown;
    private bool _lineOpen;

    /// <summary>
    /// Call before the first step of a stage, so that its time counts; <paramref name="stepsDone"/> came from a saved
    /// state.
    /// </summary>
    public void Begin(string stage, int stepsDone)
    {
        End();
        (_stage, _begun, _firstStep, _tokens, _work, _lastShown) = (stage, clock.GetTimestamp(), stepsDone, 0, 0, 0);
    }

    public void Show(ProgressStep at)
    {
        if (_stage != at.Stage) Begin(at.Stage, at.Step - 1);
        _tokens += at.Tokens;
        _work += at.Work;
        bool first = _lastShown == 0;
        bool last = at.Step >= at.TotalSteps;
        if (!first && !last && clock.GetElapsedTime(_lastShown) < (live ? s_liveInterval : plainInterval)) return;
        _lastShown = clock.GetTimestamp();
        string line = Line(at);
        if (!live)
        {
            output.WriteLine(line);
            return;
        }
        int columns = Math.Max(20, (width?.Invoke() ?? 120) - 1);
        output.Write($"\r{(line.Length > columns ? line[..columns] : line)}\u001b[K");
        output.Flush();
        _lineOpen = true;
        if (last) End();
    }

    /// <summary>A message of its own; the live line goes on below it.</summary>
    public void Say(string message)
    {
        output.WriteLine(live && _lineOpen ? $"\r\u001b[K{message}" : message);
        _lineOpen = false;
    }

    /// <summary>Leaves the live line as it stands.</summary>
    public void End()
    {
        if (_lineOpen) output.WriteLine();
        _lineOpen = false;
    }

    private string Line(ProgressStep at)
    {
        double seconds = clock.GetElapsedTime(_begun).TotalSeconds;
        int done = at.Step - _firstStep;
        List<string> parts = [$"{at.Stage} {at.Step}/{at.TotalSteps}"];
        parts.AddRange(at.Values.Select(v => $"{v.Key} {Short(v.Value)}"));
        if (seconds > 0 && _tokens > 0) parts.Add($"{Count(_tokens / seconds)} tok/s");
        if (seconds > 0 && at.Peak > 0)
            parts.Add($"MFU {(100 * _work / seconds / at.Peak).ToString("0", CultureInfo.InvariantCulture)}%");
        if (at.MemoryBytes > 0) parts.Add(Bytes(at.MemoryBytes));
        if (seconds > 0 && done > 0 && at.Step < at.TotalSteps)
            parts.Add($"ETA {Duration(TimeSpan.FromSeconds(seconds / done * (at.TotalSteps - at.Step)))}");
        else if (at.Step >= at.TotalSteps) parts.Add($"in {Duration(TimeSpan.FromSeconds(seconds))}");
        return string.Join("  ", parts);
    }

    /// <summary>Four significant digits, with an exponent only where it is shorter to read.</summary>
    private static string Short(double value) => value == 0 ? "0" : Math.Abs(value) is >= 0.001 and < 1e5
        ? value.ToString("0.####", CultureInfo.InvariantCulture)
        : value.ToString("0.###e+0", CultureInfo.InvariantCulture);

    private static string Count(double value) => value < 9_999.5
        ? value.ToString("0", CultureInfo.InvariantCulture)
        : (value / 1000).ToString("0.0", CultureInfo.InvariantCulture) + "k";

    private static string Bytes(long bytes) => bytes < 1L << 30
        ? $"{bytes / 1048576.0:0} MiB"
        : (bytes / 1073741824.0).ToString("0.0", CultureInfo.InvariantCulture) + " GiB";

    private static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? $"{(int)time.TotalHours}:{time:mm\\:ss}"
        : $"{(int)time.TotalMinutes}:{time:ss}";
}
