using System.Text;

namespace Hone.Inference;

/// <summary>
/// Finds stop strings in text that arrives in pieces, wherever the borders between the pieces fall. Text is released as
/// soon as no stop string can begin in it; what could still become one is held back.
/// </summary>
internal sealed class StopStringMatcher
{
    private readonly IReadOnlyList<string> _stops;
    private readonly int _longest;
    private readonly StringBuilder _text = new();
    private int _released;

    /// <param name="stops">Non-empty strings, compared character by character (ordinal).</param>
    public StopStringMatcher(IReadOnlyList<string> stops)
    {
        if (stops.Any(string.IsNullOrEmpty)) throw new ArgumentException("A stop string is empty.", nameof(stops));
        _stops = stops;
        _longest = stops.Select(s => s.Length).DefaultIfEmpty(0).Max();
    }

    /// <summary>All text so far, cut before the stop string once one has appeared.</summary>
    public string Text => _text.ToString();

    /// <summary>The stop string that ended the text, or null.</summary>
    public string? Found { get; private set; }

    /// <summary>Adds a piece and returns what can be shown now. After a stop string was found nothing more is added.</summary>
    public string Push(ReadOnlySpan<char> piece)
    {
        if (Found is not null) return "";
        int searched = Math.Max(_released, _text.Length - Math.Max(0, _longest - 1));
        _text.Append(piece);
        string window = _text.ToString(searched, _text.Length - searched);
        (int at, Found) = FirstStop(window);
        if (Found is not null) _text.Length = searched + at;
        int safe = Found is null ? searched + SafeLength(window) : _text.Length;
        return Release(safe);
    }

    /// <summary>The text held back, once no more pieces come.</summary>
    public string Finish() => Release(_text.Length);

    private string Release(int end)
    {
        string shown = _text.ToString(_released, Math.Max(0, end - _released));
        _released = Math.Max(_released, end);
        return shown;
    }

    /// <summary>The stop that is complete first; of those complete together the longest. So the pieces' borders change nothing.</summary>
    private (int At, string? Stop) FirstStop(string window)
    {
        (int at, int end, string? found) = (0, int.MaxValue, null);
        foreach (string stop in _stops)
        {
            int start = window.IndexOf(stop, StringComparison.Ordinal);
            if (start < 0 || start + stop.Length > end || (start + stop.Length == end && start >= at)) continue;
            (at, end, found) = (start, start + stop.Length, stop);
        }
        return (at, found);
    }

    /// <summary>Length of the part before the longest tail that is the beginning of a stop string.</summary>
    private int SafeLength(string window)
    {
        for (int start = Math.Max(0, window.Length - _longest + 1); start < window.Length; start++)
            foreach (string stop in _stops)
                if (stop.AsSpan().StartsWith(window.AsSpan(start))) return start;
        return window.Length;
    }
}
