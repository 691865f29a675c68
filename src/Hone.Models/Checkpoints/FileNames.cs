using System.Buffers;

namespace Hone.Models;

/// <summary>Judges file names that come from outside, with the same answer on every system.</summary>
internal static class FileNames
{
    private static readonly SearchValues<char> s_forbidden = SearchValues.Create("/\\:*?\"<>|");
    private static readonly string[] s_devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    /// <summary>
    /// True for the bare name of a file inside a folder: no separator of any system, no drive or stream, no control character,
    /// not <c>.</c> or <c>..</c>, no Windows device, no trailing dot or space, at most 255 characters.
    /// </summary>
    public static bool IsPlain(string name)
    {
        if (name.Length is 0 or > 255 || name[^1] is '.' or ' ') return false;
        if (name.AsSpan().ContainsAny(s_forbidden) || name.Any(char.IsControl)) return false;
        string stem = name.Split('.')[0].TrimEnd().ToUpperInvariant();
        bool numbered = stem.Length == 4
            && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal))
            && (char.IsAsciiDigit(stem[3]) || stem[3] is '\u00b9' or '\u00b2' or '\u00b3');
        return !numbered && !s_devices.Contains(stem);
    }
}
