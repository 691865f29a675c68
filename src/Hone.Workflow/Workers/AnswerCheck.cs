using Hone.Inference;

namespace Hone.Workflow.Workers;

/// <summary>What an answer of a server must be before it is counted.</summary>
internal static class AnswerCheck
{
    /// <summary>A log-probability of rounding's size above zero is zero.</summary>
    private const double Rounding = 1e-4;

    /// <param name="request">Index of the request that the answers are to.</param>
    /// <param name="vocabulary">Number of token ids that the model knows.</param>
    /// <returns>As many answers as were asked for, in their order.</returns>
    /// <exception cref="FormatException">They are not; the message says what is wrong with them.</exception>
    public static Completion[] Read(int request, TokenQuestion question, IEnumerable<TokenAnswer> given, int vocabulary)
    {
        var answers = new Completion?[question.Count];
        int count = 0;
        foreach (TokenAnswer answer in given)
        {
            if (answer.Index < 0 || answer.Index >= answers.Length || answers[answer.Index] is not null)
                throw new FormatException($"{question.Count} answers were asked for, and there is one with the index {answer.Index}");
            answers[answer.Index] = Read(request, question, answer, vocabulary);
            count++;
        }
        return count == answers.Length ? [.. answers.Select(a => a!)]
            : throw new FormatException($"{question.Count} answers were asked for, {count} came");
    }

    private static Completion Read(int request, TokenQuestion question, TokenAnswer answer, int vocabulary)
    {
        int[] ids = answer.Ids;
        if (ids.Length == 0 || ids.Length > question.Limit)
            throw new FormatException($"an answer has {ids.Length} tokens; 1 to {question.Limit} were asked for");
        foreach (int id in ids)
            if (id < 0 || id >= vocabulary)
                throw new FormatException($"an answer holds the id {id}, outside the model's vocabulary of {vocabulary}");
        if (answer.LogProbs.Length != ids.Length)
            throw new FormatException($"an answer has {ids.Length} tokens and {answer.LogProbs.Length} log-probabilities");
        foreach (double p in answer.LogProbs)
            if (!double.IsFinite(p) || p > Rounding) throw new FormatException($"a token has the log-probability {p}");
        int stop = Array.FindIndex(ids, question.Stops.Contains);
        if (stop >= 0 && stop < ids.Length - 1) throw new FormatException($"an answer goes on after the end token {ids[stop]}");
        string reason = answer.Reason switch
        {
            "stop" when stop >= 0 => FinishReasons.Stop,
            "stop" => throw new FormatException("an answer has ended without an end token: the server has left it out, or has other ones"),
            "length" when stop >= 0 => FinishReasons.Stop, // the end came with the last token that there was room for
            "length" when ids.Length == question.Limit => FinishReasons.Length,
            "length" => throw new FormatException(
                $"an answer was cut at {ids.Length} of {question.Limit} tokens: the server's context is shorter than the model's"),
            _ => throw new FormatException($"an answer ended with `{answer.Reason}`"),
        };
        return new Completion(request, answer.Index, ids, [.. answer.LogProbs.Select(p => Math.Min((float)p, 0))], reason);
    }
}
