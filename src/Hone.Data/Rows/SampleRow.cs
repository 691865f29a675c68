using System.Text.Json.Serialization;
using Hone.Text;

namespace Hone.Data;

/// <summary>
/// A prompt with the K answers sampled for it. <c>prompt</c>, <c>responses</c> and <c>rewards</c> are the public names
/// of the RLHFlow pipeline, and a file that holds only those is valid; the other columns are null then. K is read from
/// the row, never expected.
/// </summary>
/// <param name="Prompt">The prompt's messages.</param>
/// <param name="Responses">Decoded answers. [K]</param>
/// <param name="ResponseIds">Answers as they were sampled, the stop token included where one ended the answer. [K][time]</param>
/// <param name="Logprobs">Natural-log probability of each sampled token. [K][time]</param>
/// <param name="FinishReasons"><c>stop</c> (an end token or stop string) or <c>length</c> (out of tokens). [K]</param>
/// <param name="Seed">Seed that the answers were drawn with.</param>
/// <param name="PromptIds">The prompt as the model saw it, generation prompt included. [time]</param>
/// <param name="Rewards">Reward of each answer, without any length penalty. [K]</param>
public sealed record SampleRow(
    IReadOnlyList<ChatMessage> Prompt,
    string[] Responses,
    int[][]? ResponseIds = null,
    float[][]? Logprobs = null,
    string[]? FinishReasons = null,
    ulong? Seed = null,
    int[]? PromptIds = null,
    double[]? Rewards = null)
{
    /// <summary>The finish reason of an answer that ran out of tokens.</summary>
    public const string FinishedByLength = "length";

    /// <summary>Number of answers, K.</summary>
    [JsonIgnore]
    public int Count => Responses.Length;
}
