using Hone.Text;

namespace Hone.Evaluation;

/// <summary>How a model answers the questions of a judged benchmark.</summary>
internal sealed record AnswerSettings
{
    /// <summary>Put before every conversation; null for none. It moves scores: one published MT-Bench table used one.</summary>
    public string? SystemInstruction { get; init; }

    /// <summary>Longest answer, in tokens; null for the benchmark's own.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Null for the benchmark's own: greedy, and MT-Bench's by category.</summary>
    public double? Temperature { get; init; }

    public ulong Seed { get; init; }

    /// <summary>Only the first questions; null for all.</summary>
    public int? Limit { get; init; }

    internal ModelPrompt Prompt(params ChatMessage[] turns) =>
        ModelPrompt.Of([.. SystemInstruction is { } system ? [ChatMessage.System(system)] : Array.Empty<ChatMessage>(), .. turns]);

    internal GenerateOptions Options(int tokens, double temperature) => new()
    {
        MaxNewTokens = MaxNewTokens ?? tokens,
        Temperature = Temperature ?? temperature,
        Seed = Seed,
    };

    internal IReadOnlyList<T> Limited<T>(IReadOnlyList<T> questions) => Limit switch
    {
        null => questions,
        < 1 => throw new InputException($"the limit is {Limit}, it must be 1 or above"),
        int most => [.. questions.Take(most)],
    };
}
