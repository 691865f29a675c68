using System.Runtime.CompilerServices;
using Hone.Evaluation;
using Hone.Inference;
using Hone.Models;
using Hone.Text;
using Hone.Workflow.Recipes;
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

    /// <summary>Answers that are asked of the engine together; they are yielded when the last of them is done.</summary>
    private const int AnswersAtOnce = 64;

    private readonly ModelFolder _model;
    private readonly IGenerationEngine _engine;
    private readonly bool _bos;
    private readonly Lock _gate = new();

    private LocalLanguageModel(ModelFolder model, string digest, Precision precision, bool bos)
    {
        (_model, _bos) = (model, bos);
        _engine = model.CreateEngine();
        string name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(model.Folder)));
        Info = new ModelInfo(name, $"{digest} {precision}{(bos ? "" : " no-bos")}")
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
    public static LocalLanguageModel Open(string folder, string device = "auto", Precision precision = Precision.Fp32, bool bos = true)
    {
        ModelRef reference = ModelRef.LanguageModel(folder);
        return new LocalLanguageModel(ModelFolder.Open(folder, Devices.Choose(device), precision), reference.Digest, precision, bos);
    }

    public async IAsyncEnumerable<Reply<Likelihood>> ScoreAsync(IReadOnlyList<ScoreRequest> requests, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await Task.Yield();
        var sequences = new ScoredSequence[requests.Count];
        var dropped = new int[requests.Count];
        (string? text, int[] ids) last = (null, []); // the choices of a question share their context
        for (int i = 0; i < requests.Count; i++)
        {
            sequences[i] = Fit(Split(requests[i], context => (last = last.text == context ? last : (context, Encode(context))).ids), out dropped[i]);
        }
        foreach (SequenceScore score in Guarded(PrefixScorer.Score(_model.Model, sequences, PassTokens, cancel)))
        {
            ScoredSequence sequence = sequences[score.Index];
            yield return new Reply<Likelihood>(score.Index, new Likelihood(score.LogProb)
            {
                IsGreedy = score.IsGreedy,
                Tokens = sequence.Ids.Length - sequence.From,
                DroppedTokens = dropped[score.Index],
            });
        }
    }

    public async IAsyncEnumerable<Reply<Answer>> GenerateAsync(IReadOnlyList<GenerateRequest> requests, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await Task.Yield();
        // Prompts of like length make full batches.
        (int Index, int[] Prompt, int Dropped)[] prompts = [.. requests.Select((r, i) => (i, Prompt(r, out int cut), cut)).OrderByDescending(p => p.Item2.Length)];
        foreach ((int Index, int[] Prompt, int Dropped)[] part in prompts.Chunk(AnswersAtOnce))
        {
            IReadOnlyList<Completion> answers;
            lock (_gate) answers = _engine.Generate([.. part.Select(p => new GenerationRequest(p.Prompt, Options(requests[p.Index].Options)))], cancel: cancel);
            for (int i = 0; i < part.Length; i++)
            {
                GenerateRequest request = requests[part[i].Index];
                yield return new Reply<Answer>(part[i].Index, new Answer(answers[i].Text ?? _model.Text.Decode(answers[i].Ids))
                {
                    FinishReason = answers[i].FinishReason,
                    PromptTokens = part[i].Prompt.Length,
                    CompletionTokens = answers[i].Ids.Length,
                    DroppedTokens = part[i].Dropped,
                    FirstTokens = request.Options.TopLogProbs > 0 ? FirstTokens(part[i].Prompt, request.Options.TopLogProbs) : [],
                });
            }
        }
    }

    public void Dispose() => _model.Dispose();

    /// <summary>
    /// As lm-evaluation-harness splits: spaces at the end of the context go to the continuation; the continuation is what the
    /// whole has beyond the number of tokens of the context.
    /// </summary>
    private ScoredSequence Split(ScoreRequest request, Func<string, int[]> encode)
    {
        Tokenizer tokenizer = _model.Text.Tokenizer;
        if (request.Context.Messages is { } messages)
        {
            int[] turns = Render(messages), begun = tokenizer.Encode(request.Context.AssistantPrefix), answer = tokenizer.Encode(request.Context.AssistantPrefix + request.Continuation);
            return new ScoredSequence([.. turns, .. answer], turns.Length + Math.Min(begun.Length, answer.Length - 1));
        }
        string context = request.Context.Text!, trimmed = context.TrimEnd(' ');
        int[] before = encode(trimmed), whole = Encode(context + request.Continuation);
        if (before.Length == 0) whole = [Start(tokenizer), .. whole];
        return new ScoredSequence(whole, Math.Clamp(before.Length, 1, whole.Length - 1));
    }

    // A model without BOS begins an empty context with its end token, as the harness does.
    private static int Start(Tokenizer tokenizer) => tokenizer.BosId ?? tokenizer.EosId ?? 0;

    private ScoredSequence Fit(ScoredSequence sequence, out int dropped)
    {
        // The last token is predicted, not read: a sequence may be one longer than the context.
        int most = _model.Model.Config.MaxPositions + 1;
        dropped = Math.Max(0, sequence.Ids.Length - most);
        return dropped == 0 ? sequence : new ScoredSequence(sequence.Ids[dropped..], Math.Max(1, sequence.From - dropped));
    }

    private int[] Prompt(GenerateRequest request, out int dropped)
    {
        int[] ids = request.Prompt.Messages is { } messages
            ? [.. Render(messages), .. _model.Text.Tokenizer.Encode(request.Prompt.AssistantPrefix)]
            : Encode(request.Prompt.Text!);
        if (ids.Length == 0) ids = [Start(_model.Text.Tokenizer)];
        int most = _model.Model.Config.MaxPositions - request.Options.MaxNewTokens;
        if (most < 1) throw new InputException($"an answer of up to {request.Options.MaxNewTokens} tokens leaves no room for a prompt: the model's context is {_model.Model.Config.MaxPositions}",
            fix: "Lower the answer's length with --max-gen-toks, or use a model with a longer context.");
        dropped = Math.Max(0, ids.Length - most);
        if (dropped == 0) return ids;
        // The start is cut; BOS stays.
        bool bos = ids[0] == _model.Text.Tokenizer.BosId && most > 1;
        return bos ? [ids[0], .. ids[^(most - 1)..]] : ids[dropped..];
    }

    private int[] Encode(string text)
    {
        Tokenizer tokenizer = _model.Text.Tokenizer;
        int[] ids = tokenizer.Encode(text, addSpecial: _bos);
        // A tokenizer that ends every text with EOS would make the model believe that the prompt is over.
        return ids is [.., int last] && _bos && last == tokenizer.EosId && last != tokenizer.BosId ? ids[..^1] : ids;
    }

    private int[] Render(IReadOnlyList<ChatMessage> messages) => _model.Text.Chat is { } chat
        ? chat.Render(messages, addGenerationPrompt: true).Ids
        : throw new InputException("the model has no chat template, and a conversation is asked of it", _model.Folder, "Leave --apply-chat-template out for a base model.");

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
