using System.Runtime.CompilerServices;
using Hone.Evaluation;
using Hone.Inference;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>
/// A model folder as <see cref="ILanguageModel"/>: the engine of this process. It stands here because it joins inference and
/// evaluation, which know nothing of each other.
/// </summary>
public sealed class LocalLanguageModel : ILanguageModel, IDisposable
{
    /// <summary>Tokens of a scoring pass.</summary>
    private const int PassTokens = 4096;

    private readonly PretrainedModel _model;
    private readonly IGenerationEngine _engine;
    private readonly PromptTokens _tokens;
    private readonly Lock _gate = new();

    private LocalLanguageModel(PretrainedModel model, string digest, bool bos)
    {
        _model = model;
        _tokens = new PromptTokens(model.Text.Tokenizer, model.Text.Chat, model.Model.Config.MaxPositions, bos, model.Path);
        _engine = model.CreateEngine();
        string name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(model.Path)));
        Info = new ModelInfo(name, $"{digest} {model.Model.ComputeType}{(bos ? "" : " no-bos")}")
        {
            ContextLength = model.Model.Config.MaxPositions,
            HasChatTemplate = model.Text.Chat is not null,
        };
    }

    public ModelInfo Info { get; }

    /// <summary>Number of weights.</summary>
    public long Parameters => _model.Model.Weights.Values.Sum(w => w.numel());

    /// <param name="bos">Whether a text begins with the tokenizer's BOS, where it has one; lm-evaluation-harness's default today.</param>
    /// <exception cref="InputException">The folder is not a language model that Hone can read.</exception>
    public static LocalLanguageModel Open(string folder, string device = "auto", string dtype = "float32", bool bos = true)
    {
        ModelRef reference = ModelRef.LanguageModel(folder);
        return new LocalLanguageModel(PretrainedModel.Open(folder, ComputeTarget.Parse(device, dtype)), reference.Digest, bos);
    }

    public async IAsyncEnumerable<Reply<Likelihood>> ScoreAsync(
        IReadOnlyList<ScoreRequest> requests, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await Task.Yield();
        ScoreIds[] ids = [.. requests.Select(_tokens.Score)];
        foreach (SequenceScore score in Guarded(
            PrefixScorer.Score(_model.Model, [.. ids.Select(i => new ScoredSequence(i.Ids, i.From))], PassTokens, cancel: cancel)))
        {
            yield return new Reply<Likelihood>(score.Index, new Likelihood(score.LogProb)
            {
                IsGreedy = score.IsGreedy,
                Tokens = score.Tokens.Length,
                DroppedTokens = ids[score.Index].Dropped,
                DoubleBos = _tokens.DoubleBos(ids[score.Index].Ids),
            });
        }
    }

    public async IAsyncEnumerable<Reply<Answer>> GenerateAsync(
        IReadOnlyList<GenerateRequest> requests, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await Task.Yield();
        PromptIds[] prompts = [.. requests.Select(_tokens.Prompt)];
        // Before the answers, so that the model does one thing at a time.
        List<TokenLogProb>[] first = [.. requests.Select((r, i) =>
            r.Options.TopLogProbs > 0 ? FirstTokens(prompts[i].Ids, r.Options.TopLogProbs) : [])];
        GenerationRequest[] asked = [.. requests.Select((r, i) => new GenerationRequest(prompts[i].Ids, Options(r.Options)))];
        await foreach (GeneratedToken token in _engine.StreamAsync(asked, cancel).ConfigureAwait(false))
        {
            if (token.Answer is not { RequestIndex: int i } answer) continue;
            yield return new Reply<Answer>(i, new Answer(answer.Text ?? _model.Text.Decode(answer.Ids))
            {
                FinishReason = answer.FinishReason,
                PromptTokens = prompts[i].Ids.Length,
                CompletionTokens = answer.Ids.Length,
                DroppedTokens = prompts[i].Dropped,
                DoubleBos = _tokens.DoubleBos(prompts[i].Ids),
                FirstTokens = first[i],
            });
        }
    }

    public void Dispose() => _model.Dispose();

    private static SamplingOptions Options(GenerateOptions o) => new()
    {
        DoSample = o.Temperature > 0,
        Temperature = o.Temperature > 0 ? o.Temperature : 1,
        TopP = o.TopP,
        MaxNewTokens = o.MaxNewTokens,
        Seed = o.Seed,
        StopStrings = o.StopStrings,
    };

    private List<TokenLogProb> FirstTokens(int[] prompt, int count)
    {
        lock (_gate)
        {
            using var off = no_grad();
            using var scope = NewDisposeScope();
            var forest = new Data.TokenForest();
            forest.AddRoot(prompt);
            Tensor logProbs = _model.Model.Logits(_model.Model.Hidden(forest).narrow(0, prompt.Length - 1, 1)).squeeze(0).log_softmax(0);
            (Tensor values, Tensor ids) = logProbs.topk((int)Math.Min(count, logProbs.shape[0]));
            float[] own = values.cpu().data<float>().ToArray();
            long[] tokens = ids.cpu().data<long>().ToArray();
            return [.. tokens.Select((id, i) => new TokenLogProb(_model.Text.Tokenizer.Decode([(int)id]), own[i]))];
        }
    }

    // One call at a time: the weights are read in place.
    private IEnumerable<SequenceScore> Guarded(IEnumerable<SequenceScore> scores)
    {
        using IEnumerator<SequenceScore> at = scores.GetEnumerator();
        while (true)
        {
            lock (_gate)
            {
                if (!at.MoveNext()) yield break;
            }
            yield return at.Current;
        }
    }
}
