using System.Text;
using Hone.Text;

namespace Hone.Data;

/// <summary>A small text of somebody else's, such as settings, a prompt or a token; it may be empty.</summary>
internal static class SmallText
{
    private const long Most = 64 << 20;

    /// <exception cref="InputException">There is no such regular file, it is not UTF-8, or too long to be such a text.</exception>
    public static string Read(string path)
    {
        using FileStream file = RegularFile.Open(path);
        if (file.Length > Most) throw new InputException($"the file has {file.Length:N0} bytes; {Most >> 20} MiB is the most", path);
        using var text = new StreamReader(new CheckedUtf8Stream(file, path), Encoding.UTF8);
        return text.ReadToEnd();
    }
}
