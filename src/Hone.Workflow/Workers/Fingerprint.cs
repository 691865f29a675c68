using System.Globalization;
using Hone.Evaluation;
using Hone.Inference;
using Hone.Text;

namespace Hone.Workflow.Workers;

/// <summary>
/// Whether a server answers with the weights that it should: it continues fixed prompts greedily, and the log-probabilities that it
/// tells are held beside this model's own of the same tokens. Settings that samples are drawn with are tried as well, for some servers
/// tell log-probabilities of the distribution that they have changed.
/// </summary>
internal sealed class Fingerprint(PretrainedModel model, double tolerance)
{
    private const int Tokens = 16, PassTokens = 4096;

    private static readonly string[] s_prompts =
    [
        "What is the capital of France?", "Write a short poem about the sea.", "How do I boil an egg?", "2, 4, 8, 16,",
        "def fibonacci(n):", "Explain why the sky is blue.", "Translate 'good morning' into German.", "Name three kinds of trees.",
    ];

    private readonly int[][] _prompts = [.. s_prompts.Select(p => model.Text.Examples.Prompt([ChatMessage.User(p)]))
        .Where(ids => ids.Length > 0 && ids.Length + Tokens <= model.Model.Config.MaxPositions)];

    private readonly Lock _computing = new();
    private readonly Dictionary<string, float[]> _known = [];

    /// <param name="settings">Those that answers are to be sampled with.</param>
    /// <returns>How far the server's log-probabilities of greedy answers are from the model's own, in nats per token on average.</returns>
    /// <exception cref="EndpointException">The server does not answer, or with what cannot be counted.</exception>
    /// <exception cref="InputException">It answers with other weights; both figures are told.</exception>
    public async Task<double> CheckAsync(Worker worker, IReadOnlyList<SamplingOptions> settings, CancellationToken cancel)
    {
        double distance = await CheckAsync(worker, new SamplingOptions(), _prompts, 1, cancel).ConfigureAwait(false);
        foreach (SamplingOptions setting in settings)
            if (setting.DoSample && (setting.Temperature != 1 || setting.TopP < 1 || setting.TopK > 0))
                await CheckAsync(worker, setting with { Seed = 1 }, _prompts[..Math.Min(1, _prompts.Length)], 4, cancel)
                    .ConfigureAwait(false);
        return distance;
    }

    private async Task<double> CheckAsync(Worker worker, SamplingOptions options, int[][] prompts, int count, CancellationToken cancel)
    {
        Completion[][] answers = await Task.WhenAll(prompts.Select((prompt, i) => worker.AskAsync(
            i, new GenerationRequest(prompt, options with { MaxNewTokens = Tokens }, count), Tokens, model.Stops.Ids,
            model.Model.Config.VocabularySize, cancel))).ConfigureAwait(false);
        List<float> there = [], here = [];
        foreach (Completion answer in answers.SelectMany(a => a))
        {
            there.AddRange(answer.LogProbs);
            here.AddRange(Own(prompts[answer.RequestIndex], answer.Ids, cancel));
        }
        double[] gaps = [.. there.Zip(here, (a, b) => Math.Abs((double)a - b))];
        double distance = gaps.DefaultIfEmpty(0).Average();
        if (distance <= tolerance) return distance;
        string how = options.DoSample ? string.Create(CultureInfo.InvariantCulture,
            $" sampled at temperature {options.Temperature}, top_p {options.TopP}, top_k {options.TopK}") : "";
        throw new InputException(string.Create(CultureInfo.InvariantCulture,
            $"{worker.Url} answers with other weights than those of {model.Path}: the mean log-probability of {gaps.Length} tokens{how} is "
                + $"{there.Average():F4} there and {here.Average():F4} here; they are {distance:F4} apart on average, "
                + $"{gaps.Max():F4} at most, and worker.tolerance is {tolerance}"),
            fix: options.DoSample
                ? "The greedy answers agree: the server tells log-probabilities of the changed distribution. Start SGLang with "
                    + "SGLANG_RETURN_ORIGINAL_LOGPROB=1, vLLM with --logprobs-mode raw_logprobs."
                : "It may hold older weights, another model or number format, or lack the adapter. A server of int8 or int4 weights needs "
                    + "a larger worker.tolerance (0.1 or 0.3, say), and its answers are then those of the rounded weights.");
    }

    /// <summary>This model's log-probabilities of an answer's tokens; computed once for each answer.</summary>
    private float[] Own(int[] prompt, int[] answer, CancellationToken cancel)
    {
        string key = string.Join(' ', prompt) + " | " + string.Join(' ', answer);
        lock (_computing)
        {
            if (_known.TryGetValue(key, out float[]? known)) return known;
            SequenceScore score = PrefixScorer
                .Score(model.Model, [new ScoredSequence([.. prompt, .. answer], prompt.Length)], PassTokens, cancel: cancel).Single();
            return _known[key] = [.. score.Tokens.Select(t => t.LogProb)];
        }
    }
}
