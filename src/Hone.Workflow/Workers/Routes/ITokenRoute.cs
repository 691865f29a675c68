using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Workflow.Workers;

/// <summary>A route of an inference server that takes token ids and gives token ids back.</summary>
internal interface ITokenRoute
{
    /// <summary>Below the server's address.</summary>
    string Path { get; }

    /// <summary>Where an adapter is loaded, and with <c>un</c> before the last part taken away.</summary>
    string AdapterPath { get; }

    JsonObject Body(TokenQuestion question);

    /// <exception cref="FormatException">The answer is not what the route promises; or an exception of JSON's.</exception>
    IEnumerable<TokenAnswer> Read(JsonElement json, TokenQuestion question);

    /// <summary>All that are known, the best first.</summary>
    static readonly IReadOnlyList<ITokenRoute> All = [new VllmRoute(), new SglangRoute(), new CompletionsRoute()];
}

/// <summary>A prompt as it is asked of a server.</summary>
/// <param name="Model">What the server calls the model, or the adapter.</param>
/// <param name="IsAdapter">Whether that is an adapter.</param>
/// <param name="Version">Of the weights that are to answer.</param>
/// <param name="Count">Answers wanted; one where the likeliest tokens are taken.</param>
/// <param name="Limit">Longest answer, in tokens.</param>
/// <param name="Stops">The ids that end an answer.</param>
internal sealed record TokenQuestion(
    string Model, bool IsAdapter, string Version, int[] PromptIds, SamplingOptions Options, int Count, int Limit, IReadOnlyList<int> Stops)
{
    public double Temperature => Options.DoSample ? Options.Temperature : 0;

    public JsonArray Prompt => Array(PromptIds);

    public static JsonArray Array(IEnumerable<int> ids) => new([.. ids.Select(id => (JsonNode)id)]);
}

/// <summary>An answer as a server gave it, before anything of it is believed.</summary>
/// <param name="LogProbs">Natural log-probability of each id; NaN where the server wrote none.</param>
/// <param name="Reason">Why it ended, in the server's word.</param>
/// <param name="Version">Of the weights that answered, where the server tells it.</param>
internal sealed record TokenAnswer(int Index, int[] Ids, double[] LogProbs, string? Reason, string? Version)
{
    public static int[] ReadIds(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];

    public static double ReadLogProb(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;

    public static string? ReadText(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
