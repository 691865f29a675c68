using System.Text.Json;
using Hone.Text;

namespace Hone.Runs.Metrics;

/// <summary>A row of <c>metrics.jsonl</c>.</summary>
internal sealed record MetricsRow(string Stage, long Step, IReadOnlyDictionary<string, double> Values)
{
    /// <summary>Reads a metrics file row by row; a last line without its end is left out.</summary>
    /// <exception cref="InputException">A line is no metrics row.</exception>
    public static IEnumerable<MetricsRow> Read(string path)
    {
        byte[] content;
        using (FileStream file = RegularFile.Open(path))
        {
            content = new byte[file.Length];
            file.ReadExactly(content);
        }
        return Parse(content, path);
    }

    /// <summary>As <see cref="Read"/>, from the content.</summary>
    public static IEnumerable<MetricsRow> Parse(byte[] content, string path)
    {
        int start = 0;
        for (int line = 1; ; line++)
        {
            int length = content.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0) yield break;
            yield return Parse(content.AsMemory(start, length), $"{path}:{line}");
            start += length + 1;
        }
    }

    private static MetricsRow Parse(ReadOnlyMemory<byte> line, string where)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            Dictionary<string, double> values = [];
            foreach (JsonProperty value in json.RootElement.EnumerateObject())
            {
                if (value.NameEquals("stage") || value.NameEquals("step")) continue;
                values[value.Name] = value.Value.ValueKind == JsonValueKind.Number
                    ? value.Value.GetDouble()
                    : double.Parse(value.Value.GetString()!, System.Globalization.CultureInfo.InvariantCulture);
            }
            return new(json.RootElement.GetProperty("stage").GetString()!, json.RootElement.GetProperty("step").GetInt64(), values);
        }
        catch (Exception e) when (
            e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentNullException)
        {
            throw new InputException("not a metrics row", where, inner: e);
        }
    }
}
