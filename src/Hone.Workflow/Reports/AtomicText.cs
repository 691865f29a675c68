using System.Text;

namespace Hone.Workflow;

/// <summary>Writes a text file beside its target, flushes it to disk and renames it over the target.</summary>
internal static class AtomicText
{
    public static void Write(string path, string text)
    {
        string beside = path + ".tmp";
        using (FileStream stream = new(beside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(beside, path, overwrite: true);
    }
}
