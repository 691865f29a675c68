using System.Text;

namespace Hone.Runs;

/// <summary>Writes a text file durably: a reader sees the old one or the new one, never half of it.</summary>
internal static class AtomicText
{
    /// <exception cref="InputException">The disk is full, or the file cannot be written. The old content is intact.</exception>
    public static void Write(string path, string text)
    {
        try
        {
            byte[] bytes = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text);
            DurableFiles.Instance.WriteWhole(Path.GetFullPath(path), bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The file cannot be written: {e.Message}", path,
                "Free space or choose another place, and run the command again. Earlier files are intact.", e);
        }
    }
}
