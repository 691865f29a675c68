using System.Text.Json;
using System.Text.Json.Serialization;
using Hone.Data;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>Small JSON results that one stage leaves for a later one.</summary>
internal static class ResultFile
{
    public static void Write(string path, IterationHealth health) =>
        Write(path, JsonSerializer.SerializeToUtf8Bytes(health, StageResults.Default.IterationHealth));

    public static void Write(string path, RewardModelResult result) =>
        Write(path, JsonSerializer.SerializeToUtf8Bytes(result, StageResults.Default.RewardModelResult));

    public static void Write(string path, SamplerDistance distance) =>
        Write(path, JsonSerializer.SerializeToUtf8Bytes(distance, StageResults.Default.SamplerDistance));

    public static void Write(string path, PolicyScores scores) =>
        Write(path, JsonSerializer.SerializeToUtf8Bytes(scores, StageResults.Default.PolicyScores));

    public static IterationHealth ReadHealth(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), StageResults.Default.IterationHealth)!;

    public static RewardModelResult ReadRewardModel(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), StageResults.Default.RewardModelResult)!;

    public static SamplerDistance ReadDistance(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), StageResults.Default.SamplerDistance)!;

    public static PolicyScores ReadScores(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), StageResults.Default.PolicyScores)!;

    private static void Write(string path, byte[] json) => Durable.WriteFile(path, stream => stream.Write(json));
}

/// <summary>
/// Gold scores (null without a judge), log-ratios to SFT and, where known, log-probabilities of people's answers, in the order of the
/// answers. [prompts]
/// </summary>
internal sealed record PolicyScores(double[]? Gold, double[] LogRatios, double[]? HumanLogProbs = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n",
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(IterationHealth))]
[JsonSerializable(typeof(RewardModelResult))]
[JsonSerializable(typeof(PolicyScores))]
[JsonSerializable(typeof(SamplerDistance))]
internal sealed partial class StageResults : JsonSerializerContext;
