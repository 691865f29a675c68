using System.Text.Json;

namespace Hone.TestKit;

/// <summary>
/// A row of <c>shared/data/vectors/forward_families.jsonl</c>: values computed elsewhere in float64, checked with llama.cpp.
/// </summary>
/// <param name="LogProbs">Of each token but the first.</param>
/// <param name="Greedy">The likeliest tokens after <paramref name="Ids"/>.</param>
public sealed record FamilyVector(string Model, int[] Ids, float[] LogProbs, int[] Greedy)
{
    private const string Path = "vectors/forward_families.jsonl";

    /// <summary>Rows of at least this length are looser: angles of hundreds of radians cost fp32 digits.</summary>
    private const int LongRow = 180;

    public double Tolerance => Ids.Length >= LongRow ? 1e-3 : 2e-4;

    /// <summary>The families' models; one name that is none where the data are not there, so that its test skips with the reason.</summary>
    public static IReadOnlyList<string> Models() =>
        SharedData.TryGet(Path) is { } path ? [.. Read(path).Select(r => r.Model).Distinct()] : ["none"];

    /// <summary>A model's rows; skips the test where the data are not there.</summary>
    public static FamilyVector[] Of(string model) => [.. Read(SharedData.Require(Path)).Where(r => r.Model == model)];

    private static IEnumerable<FamilyVector> Read(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement row = json.RootElement;
            int[] Ints(string key) => [.. row.GetProperty(key).EnumerateArray().Select(v => v.GetInt32())];
            yield return new FamilyVector(row.GetProperty("model").GetString()!, Ints("ids"),
                [.. row.GetProperty("token_logprobs").EnumerateArray().Select(v => v.GetSingle())], Ints("greedy_24"));
        }
    }
}
