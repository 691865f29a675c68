using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>
/// A language model that was trained to say which of two answers is better, A or B (the pairwise preference model of arXiv 2405.07863,
/// section 2.2). Every two answers are shown in both orders, since such a model also prefers places; a half is a tie.
/// </summary>
internal static class PairwiseJudge
{
    private const string A = "A", B = "B";

    /// <summary>
    /// What the model is asked, in the words that the public one was trained with (RLHFlow/RLHF-Reward-Modeling, pair-pm).
    /// </summary>
    public static string Question(IReadOnlyList<ChatMessage> prompt, string a, string b)
    {
        string context = string.Concat(prompt.Select(m => $"\n\n<turn> {m.Role}\n {m.Content}"));
        return $"[CONTEXT] \n{context}\n\n\n [RESPONSE A] {a} [RESPONSE B] {b} \n";
    }

    /// <summary>A preference as a conversation to train such a model on by SFT; where the better answer stands goes by the seed.</summary>
    public static IReadOnlyList<ChatMessage> Conversation(Preference row, ulong seed)
    {
        bool first = new Xoshiro256(Seeds.Derive(seed, PromptKey.Of(row.Prompt) + row.Chosen)).NextDouble() < 0.5;
        (string a, string b) = first ? (row.Chosen, row.Rejected) : (row.Rejected, row.Chosen);
        return [ChatMessage.User(Question(row.Prompt, a, b)), ChatMessage.Assistant(first ? A : B)];
    }

    /// <summary>
    /// The same rows with <c>rewards</c> [K]: how likely an answer is to be called better, the mean over all others and both orders.
    /// That takes K (K - 1) passes a prompt.
    /// </summary>
    /// <exception cref="InputException">The model writes the two letters alike, or a question is longer than its context.</exception>
    public static IReadOnlyList<SampleRow> Score(
        Transformer judge, ModelText text, IReadOnlyList<SampleRow> rows, int maxTokens)
    {
        if (rows.Count == 0) return rows;
        int[][] letters = Letters(text, Question(rows[0].Prompt, "", ""));
        return [.. rows.Select(row => row with { Rewards = Rewards(judge, text, letters, row, maxTokens) })];
    }

    private static double[] Rewards(Transformer judge, ModelText text, int[][] letters, SampleRow row, int maxTokens)
    {
        int n = row.Count;
        (int A, int B)[] orders = [.. Enumerable.Range(0, n)
            .SelectMany(a => Enumerable.Range(0, n).Where(b => b != a).Select(b => (a, b)))];
        double[][] logps = AnswerScores.LogProbs(judge, [.. orders.Select(o => new PromptExample(
            text.Examples.Prompt([ChatMessage.User(Question(row.Prompt, row.Responses[o.A], row.Responses[o.B]))]), letters))], maxTokens);
        double[] rewards = new double[n];
        foreach (((int a, int b), double[] logp) in orders.Zip(logps))
        {
            double first = 1 / (1 + Math.Exp(logp[1] - logp[0]));
            rewards[a] += first / (2 * (n - 1));
            rewards[b] += (1 - first) / (2 * (n - 1));
        }
        return rewards;
    }

    /// <summary>The tokens of an answer up to and with the one in which A and B differ.</summary>
    private static int[][] Letters(ModelText text, string question)
    {
        PreferenceExample example = text.Examples.Preference(new Preference([ChatMessage.User(question)], A, B));
        int same = example.Chosen.AsSpan().CommonPrefixLength(example.Rejected);
        return same < Math.Min(example.Chosen.Length, example.Rejected.Length)
            ? [example.Chosen[..(same + 1)], example.Rejected[..(same + 1)]]
            : throw new InputException("the judge's chat template writes the answers A and B alike", fix: "Give another model.");
    }
}
