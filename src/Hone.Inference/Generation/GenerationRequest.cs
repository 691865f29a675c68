namespace Hone.Inference;

/// <summary>One prompt and how many answers to sample for it. The ids go into the model as they are; nothing is added.</summary>
public sealed record GenerationRequest(int[] PromptIds, SamplingOptions Options, int Count = 1);

/// <summary>
/// One answer. <paramref name="Ids"/> are the sampled tokens, the stop token included where one ended the answer;
/// <paramref name="LogProbs"/>[i] is the natural log-probability of Ids[i] under the model's own distribution
/// (temperature 1, before any filter or penalty). <paramref name="FinishReason"/> is one of <see cref="FinishReasons"/>.
/// </summary>
public sealed record Completion(int RequestIndex, int AnswerIndex, int[] Ids, float[] LogProbs, string FinishReason)
{
    /// <summary>The answer's text, cut before the stop string; only for requests with stop strings, else null.</summary>
    public string? Text { get; init; }
}

/// <summary>Why an answer ended, in the words of the OpenAI API.</summary>
public static class FinishReasons
{
    /// <summary>A stop token, a stop string, or the end of the format that the answer has.</summary>
    public const string Stop = "stop";

    /// <summary>The longest allowed answer, or the model's longest sequence, was reached.</summary>
    public const string Length = "length";
}

/// <summary>One sampled token of a stream, as soon as it is known.</summary>
public readonly record struct GeneratedToken(int RequestIndex, int AnswerIndex, int Step, int Id, float LogProb)
{
    /// <summary>With an answer's last token, the whole answer; null with every other.</summary>
    public Completion? Answer { get; init; }
}
