using System.Buffers;
using System.Text;

namespace Hone.Evaluation;

/// <summary><c>json.dumps</c> of texts and lists of them, character for character: hashes of published prompts are taken over it.</summary>
internal static class PythonJson
{
    /// <summary>Printable ASCII that stands for itself.</summary>
    private static readonly SearchValues<char> s_plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    /// <summary>A list of lists of texts: ", " between items, everything outside of printable ASCII as <c>\uXXXX</c>.</summary>
    public static string Dumps(IEnumerable<IReadOnlyList<string>> rows)
    {
        StringBuilder json = new("[");
        foreach (IReadOnlyList<string> row in rows)
        {
            if (json.Length > 1) json.Append(", ");
            json.Append('[');
            for (int i = 0; i < row.Count; i++)
            {
                if (i > 0) json.Append(", ");
                Append(json, row[i]);
            }
            json.Append(']');
        }
        return json.Append(']').ToString();
    }

    /// <summary>Appends one text in quotes.</summary>
    public static void Append(StringBuilder json, string text)
    {
        json.Append('"');
        ReadOnlySpan<char> rest = text;
        while (true)
        {
            int plain = rest.IndexOfAnyExcept(s_plain);
            json.Append(plain < 0 ? rest : rest[..plain]);
            if (plain < 0) break;
            _ = rest[plain] switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                '\f' => json.Append("\\f"),
                '\b' => json.Append("\\b"),
                char c => json.Append("\\u").Append(((int)c).ToString("x4")),
            };
            rest = rest[(plain + 1)..];
        }
        json.Append('"');
    }
}
