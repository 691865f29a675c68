using Hone.Text;

namespace Hone.Runs;

/// <summary>
/// Where the lines of a file begin: any of them can be read without those before it. A last line without its end is none.
/// </summary>
internal sealed class LineIndex
{
    private const int LongestLine = 16 << 20;
    private readonly string _path;
    private readonly List<long> _starts = [0];

    private LineIndex(string path) => _path = path;

    public int Count => _starts.Count - 1;

    /// <exception cref="InputException">The file is not there, or is none.</exception>
    public static LineIndex Of(string path)
    {
        var index = new LineIndex(path);
        using FileStream file = RegularFile.Open(path);
        byte[] buffer = new byte[1 << 16];
        long at = 0;
        for (int read; (read = file.Read(buffer)) > 0; at += read)
        {
            for (int i = 0; i < read;)
            {
                int end = buffer.AsSpan(i, read - i).IndexOf((byte)'\n');
                if (end < 0) break;
                i += end + 1;
                index._starts.Add(at + i);
            }
        }
        return index;
    }

    /// <summary>The bytes of a line without its end; null where it is too long to be shown, or no longer there.</summary>
    public byte[]? Line(int number)
    {
        long length = _starts[number + 1] - _starts[number] - 1;
        if (length > LongestLine) return null;
        using FileStream file = RegularFile.Open(_path);
        file.Position = _starts[number];
        byte[] line = new byte[length];
        return file.ReadAtLeast(line, line.Length, throwOnEndOfStream: false) == line.Length ? line : null;
    }
}
