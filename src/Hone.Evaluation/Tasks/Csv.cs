using System.Text;

namespace Hone.Evaluation;

/// <summary>Rows of a CSV file (RFC 4180): quoted fields may hold commas, line breaks and doubled quotes.</summary>
internal static class Csv
{
    // The largest published file of questions has 2 MB.
    private const long Longest = 256L << 20;

    /// <exception cref="InputException">A quoted field does not end, the bytes are not UTF-8, or there are too many.</exception>
    public static IReadOnlyList<string[]> Read(string path)
    {
        string text = Text(path);
        List<string[]> rows = [];
        List<string> row = [];
        StringBuilder field = new();
        int line = 1, begun = 0;
        bool quoted = false, any = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\n') line++;
            if (quoted)
            {
                if (c != '"') field.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"') field.Append(text[i++]);
                else quoted = false;
                continue;
            }
            switch (c)
            {
                case '"' when field.Length == 0:
                    (quoted, any, begun) = (true, true, line);
                    break;
                case ',':
                    EndField();
                    any = true;
                    break;
                case '\r' when i + 1 < text.Length && text[i + 1] == '\n':
                    break;
                case '\n':
                    EndRow();
                    break;
                default:
                    field.Append(c);
                    any = true;
                    break;
            }
        }
        if (quoted) throw new InputException("a quoted field does not end", $"{path}:{begun}");
        EndRow();
        return rows;

        void EndField()
        {
            row.Add(field.ToString());
            field.Clear();
        }

        void EndRow()
        {
            if (!any) return;
            EndField();
            rows.Add([.. row]);
            row.Clear();
            any = false;
        }
    }

    private static string Text(string path)
    {
        long size = new FileInfo(path).Length;
        if (size > Longest) throw new InputException($"the file has {size} bytes, more than any table of questions ({Longest})", path);
        try
        {
            return File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException e)
        {
            throw new InputException("not UTF-8", path, "Save the file as UTF-8, for example with: iconv -f LATIN1 -t UTF-8 OLD > NEW", e);
        }
    }
}
