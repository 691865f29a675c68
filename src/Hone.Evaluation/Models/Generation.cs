namespace Hone.Evaluation;

/// <summary>One prompt and how it is answered.</summary>
public sealed record GenerateRequest(ModelPrompt Prompt, GenerateOptions Options);

/// <summary>How an answer is made. The defaults are those of most benchmarks: greedy.</summary>
public sealed record GenerateOptions
{
    /// <summary>Longest answer, in tokens.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Softmax temperature; 0 takes the most likely token at every step.</summary>
    public double Temperature { get; init; }

    /// <summary>Keep the most likely tokens up to this probability; 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>The answer ends before the first of these.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Seed of a sampled answer; two samples of one prompt need different ones.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many of the likeliest first tokens to report with their log-probabilities; 0 for none.</summary>
    public int TopLogProbs { get; init; }
}

/// <summary>What came back.</summary>
/// <param name="Text">The answer, without stop string and control tokens; empty where the model said nothing.</param>
public sealed record Answer(string Text)
{
    /// <summary><c>stop</c> or <c>length</c>, in the words of the OpenAI API.</summary>
    public string FinishReason { get; init; } = "stop";

    public int PromptTokens { get; init; }

    public int CompletionTokens { get; init; }

    /// <summary>Tokens cut from the prompt's start to make it fit; 0 for none.</summary>
    public int DroppedTokens { get; init; }

    /// <summary>Whether the prompt began with two BOS.</summary>
    public bool DoubleBos { get; init; }

    /// <summary>The likeliest first tokens, where asked for; natural logarithm.</summary>
    public IReadOnlyList<TokenLogProb> FirstTokens { get; init; } = [];

    /// <summary>
    /// Why there is no answer after all tries; null where there is one. Such an answer is counted, never graded as
    /// wrong.
    /// </summary>
    public string? Error { get; init; }
}

/// <summary>A token as text, and its log-probability.</summary>
public readonly record struct TokenLogProb(string Token, double LogProb);
