using System.Text;

namespace Hone.Server;

/// <summary>Splits an answer into text, which passes at once, and calls of tools, which are held back until they are whole.</summary>
internal sealed class ToolCallReader(ToolFormat format)
{
    private readonly StringBuilder _held = new();
    private bool _inCalls, _begun;

    /// <summary>What can be shown of the text so far.</summary>
    public string Push(string piece)
    {
        _held.Append(piece);
        if (_inCalls) return "";
        string text = _held.ToString();
        if (format.SpecialMarker is { } special && format.OnlyAtStart && text.StartsWith(special, StringComparison.Ordinal))
            text = text[special.Length..];
        if (format.OnlyAtStart)
        {
            string trimmed = text.TrimStart();
            if (trimmed.Length == 0) return "";
            _inCalls = !_begun && trimmed.StartsWith(format.Marker, StringComparison.Ordinal);
            return _inCalls ? Hold(trimmed) : Release(text.Length, text);
        }
        int at = text.IndexOf(format.Marker, StringComparison.Ordinal);
        _inCalls = at >= 0;
        if (_inCalls) return Release(at, text);
        int safe = text.Length;
        for (int tail = Math.Min(text.Length, format.Marker.Length - 1); tail > 0 && safe == text.Length; tail--)
            if (text.AsSpan(text.Length - tail).SequenceEqual(format.Marker.AsSpan(0, tail))) safe = text.Length - tail;
        return Release(safe, text);
    }

    /// <summary>At the answer's end: its calls, or what was held back and is none.</summary>
    public (string Text, IReadOnlyList<ToolCall> Calls) Finish()
    {
        string held = _held.ToString();
        _held.Clear();
        return _inCalls && format.Parse(held) is { Count: > 0 } calls ? ("", calls) : (held, []);
    }

    private string Hold(string text)
    {
        _held.Clear().Append(text);
        return "";
    }

    private string Release(int length, string text)
    {
        _begun |= length > 0;
        _held.Clear().Append(text.AsSpan(length));
        return text[..length];
    }
}
