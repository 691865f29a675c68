using System.Text;

namespace Hone.Data;

/// <summary>
/// Streams the texts of a plain text file. They are separated by <c>&lt;|endoftext|&gt;</c> where the file has that
/// marker anywhere, and by blank lines where it has not.
/// </summary>
internal static class TextRecords
{
    public const string Marker = "<|endoftext|>";

    /// <summary>The texts in order, white space at their ends removed; empty ones are not there.</summary>
    /// <param name="open">Opens the file anew; it is read twice.</param>
    /// <param name="path">For messages.</param>
    public static IEnumerable<TextRow> Read(Func<Stream> open, string path)
    {
        bool marked = Lines(open, path).Any(line => line.Contains(Marker, StringComparison.Ordinal));
        StringBuilder text = new();
        foreach (string line in Lines(open, path))
        {
            string[] parts = marked ? line.Split(Marker) : [line];
            for (int i = 0; i < parts.Length; i++)
            {
                bool separator = i > 0 || (!marked && string.IsNullOrWhiteSpace(line));
                if (separator && Finish(text) is { } row) yield return row;
                text.Append(parts[i]);
            }
            text.Append('\n');
            if (text.Length > RowBuffer.MaxRow)
            {
                throw new InputException(
                    $"a text is longer than {RowBuffer.MaxRow >> 20} Mi characters", path, $"Separate texts by blank lines or {Marker}.");
            }
        }
        if (Finish(text) is { } last) yield return last;
    }

    private static IEnumerable<string> Lines(Func<Stream> open, string path)
    {
        using Stream stream = open();
        RowBuffer buffer = new(stream, path);
        buffer.SkipByteOrderMark();
        while (true)
        {
            int length;
            while ((length = buffer.Window.IndexOf((byte)'\n')) < 0 && !buffer.AtEnd) buffer.Fill();
            if (length < 0 && buffer.Window.Length == 0) yield break;
            int end = length < 0 ? buffer.Window.Length : length;
            yield return Encoding.UTF8.GetString(buffer.Window[..end]).TrimEnd('\r');
            buffer.Consume(length < 0 ? end : end + 1);
        }
    }

    private static TextRow? Finish(StringBuilder text)
    {
        string finished = text.ToString().Trim();
        text.Clear();
        return finished.Length > 0 ? new TextRow(finished) : null;
    }
}
