using Hone.Text;
using System.Text.Json;

namespace Hone.Runs;

/// <summary>One measured value of a training stage.</summary>
internal readonly record struct MetricPoint(double Step, double Value);

/// <summary>The curves of one stage by metric name, each ascending in steps.</summary>
internal sealed record StageMetrics(string Stage, IReadOnlyDictionary<string, IReadOnlyList<MetricPoint>> Metrics)
{
    /// <summary>The curve of a metric; empty where the stage did not measure it.</summary>
    public IReadOnlyList<MetricPoint> this[string metric] =>
        Metrics.TryGetValue(metric, out IReadOnlyList<MetricPoint>? points) ? points : [];
}

/// <summary>
/// <c>metrics.jsonl</c> of a run: rows <c>{"stage": "offline-dpo", "step": 12, "loss": 0.61, "rewards/margins": 0.2, ...}</c>.
/// Every other number in a row is a metric.
/// </summary>
internal sealed class MetricCurves
{
    public const string FileName = "metrics.jsonl";

    /// <summary>Larger files are refused.</summary>
    public const long MaxBytes = 1L << 30;

    private readonly List<StageMetrics> _stages = [];

    /// <summary>Stages in the order in which they appear.</summary>
    public IReadOnlyList<StageMetrics> Stages => _stages;

    /// <summary>Values that were NaN, infinite or null and so are in no curve.</summary>
    public int NotFinite { get; private set; }

    /// <summary>
    /// Reads the file; a missing file is an empty log. An unfinished last line, as a running or killed run leaves it, is
    /// passed over. A step that was written before replaces what followed it: the run went on from there.
    /// </summary>
    /// <exception cref="InputException">The file is too large, or a line before the last is not a metrics row.</exception>
    public static MetricCurves Read(string path)
    {
        MetricCurves log = new();
        FileInfo file = new(path);
        if (!file.Exists) return log;
        if (file.Length > MaxBytes) throw new InputException($"the metrics file is larger than {MaxBytes >> 30} GiB.", path);

        int number = 0;
        (int Number, Exception Error)? broken = null;
        using var lines = new StreamReader(RegularFile.Open(path));
        while (lines.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (broken is not null) break;
            try
            {
                log.Add(line);
            }
            catch (Exception e) when (e is JsonException or FormatException)
            {
                broken = (number, e);
            }
        }
        if (broken is { } at && at.Number < number)
            throw new InputException($"not a metrics row: {at.Error.Message}", $"{path}:{at.Number}",
                "Remove the line, or the file to draw no curves.");
        return log;
    }

    private void Add(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement row = document.RootElement;
        if (row.ValueKind != JsonValueKind.Object || !row.TryGetProperty("stage", out JsonElement stage)
            || stage.ValueKind != JsonValueKind.String)
            throw new FormatException("it has no \"stage\".");
        if (!row.TryGetProperty("step", out JsonElement stepElement) || !stepElement.TryGetNumber(out double step))
            throw new FormatException("it has no \"step\".");

        var metrics = (Dictionary<string, IReadOnlyList<MetricPoint>>)Of(stage.GetString()!).Metrics;
        foreach (JsonProperty property in row.EnumerateObject())
        {
            if (property.NameEquals("stage") || property.NameEquals("step")) continue;
            if (!property.Value.TryGetNumber(out double value))
            {
                if (property.Value.IsNotFinite()) NotFinite++;
                continue;
            }
            if (!metrics.TryGetValue(property.Name, out IReadOnlyList<MetricPoint>? points))
                metrics[property.Name] = points = new List<MetricPoint>();
            var curve = (List<MetricPoint>)points;
            while (curve.Count > 0 && curve[^1].Step >= step) curve.RemoveAt(curve.Count - 1);
            curve.Add(new MetricPoint(step, value));
        }
    }

    private StageMetrics Of(string stage)
    {
        StageMetrics? found = _stages.Find(s => s.Stage == stage);
        if (found is null) _stages.Add(found = new StageMetrics(stage, new Dictionary<string, IReadOnlyList<MetricPoint>>()));
        return found;
    }
}

internal static class JsonElementExtensions
{
    public static bool TryGetNumber(this JsonElement element, out double value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out value) && double.IsFinite(value);
    }

    /// <summary>What stands where a number was lost: null, its name, or digits beyond double's range.</summary>
    public static bool IsNotFinite(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Number => !element.TryGetNumber(out _),
        JsonValueKind.String => element.GetString() is "NaN" or "Infinity" or "-Infinity",
        _ => false,
    };
}
