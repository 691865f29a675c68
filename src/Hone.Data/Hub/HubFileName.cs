using System.Text;

namespace Hone.Data;

/// <summary>
/// Whether a name that a hub or an index file gives may become a path here. The same answer on every system: a name must be
/// harmless under the rules of POSIX and of Windows.
/// </summary>
internal static class HubFileName
{
    private static readonly HashSet<string> s_devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(i => (string[])[$"COM{i}", $"LPT{i}"])],
            StringComparer.OrdinalIgnoreCase);

    /// <summary>The name, when every part of it is sound.</summary>
    /// <exception cref="InputException">It could lead out of its folder, or names something that is no file.</exception>
    public static string Require(string name, string where)
    {
        string[] parts = name.Split('/');
        if (name.Length is > 0 and <= 1024 && parts.All(IsSound)) return name;
        throw new InputException(
            $"the file name `{Show(name)}` is refused: it could lead out of its folder, or is not allowed on every system", where,
            "Nothing of this repository was written. Report it to the hub.");
    }

    /// <summary>Whether one part between slashes is harmless.</summary>
    public static bool IsSound(string part)
    {
        if (part.Length == 0 || part is "." or ".." || Encoding.UTF8.GetByteCount(part) > 255) return false;
        // A dot or space at the end is dropped by Windows, a colon names a drive or a stream.
        if (part[^1] is '.' or ' ' || part.Any(c => c is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' || char.IsControl(c)))
            return false;
        return !s_devices.Contains(part.Split('.')[0].TrimEnd(' '));
    }

    private static string Show(string name) => new([.. name.Take(120).Select(c => char.IsControl(c) ? '\uFFFD' : c)]);
}
