using Hone.Text;

namespace Hone.Evaluation;

/// <summary>Ids of a context with its continuation.</summary>
/// <param name="From">The continuation's first token; at least one stands before it.</param>
/// <param name="Dropped">Tokens cut from the start to make it fit; 0 for none.</param>
public readonly record struct ScoreIds(int[] Ids, int From, int Dropped);

/// <summary>Ids of a prompt.</summary>
/// <param name="Dropped">Tokens cut from the start to make it fit; 0 for none.</param>
public readonly record struct PromptIds(int[] Ids, int Dropped);

/// <summary>
/// How requests become token ids, as lm-evaluation-harness has it: one way, so that a model in this process and the same
/// model behind an endpoint are asked the same.
/// </summary>
public sealed class PromptTokens
{
    private readonly Tokenizer _tokenizer;
    private readonly ChatFormat? _chat;
    private readonly int _context;
    private readonly bool _bos;
    private readonly string _where;
    private (string? Text, int[] Ids) _last = (null, []); // the choices of a question share their context

    /// <param name="chat">The model's chat format; null for a model without one.</param>
    /// <param name="context">Longest prompt and answer together, in tokens.</param>
    /// <param name="bos">Whether a text begins with the tokenizer's BOS, where it has one.</param>
    /// <param name="where">The model's folder, for messages.</param>
    public PromptTokens(Tokenizer tokenizer, ChatFormat? chat, int context, bool bos, string where) =>
        (_tokenizer, _chat, _context, _bos, _where) = (tokenizer, chat, context, bos, where);

    public bool HasChat => _chat is not null;

    public int Context => _context;

    /// <summary>Whether ids begin with two BOS: the text brought one along, and the tokenizer added its own.</summary>
    public bool DoubleBos(int[] ids) => _tokenizer.BosId is { } bos && ids is [int first, int second, ..] && first == bos && second == bos;

    /// <summary>
    /// Spaces at the end of the context go to the continuation; the continuation is what the whole has beyond the number of
    /// tokens of the context. The start is cut where it does not fit: the last token is predicted, not read, so that a
    /// sequence may be one longer than the context.
    /// </summary>
    /// <exception cref="InputException">A conversation is scored and there is no chat template.</exception>
    public ScoreIds Score(ScoreRequest request)
    {
        (int[] ids, int from) = Split(request);
        int dropped = Math.Max(0, ids.Length - _context - 1);
        return dropped == 0 ? new ScoreIds(ids, from, 0) : new ScoreIds(ids[dropped..], Math.Max(1, from - dropped), dropped);
    }

    /// <summary>Ids to be continued. Where they and the answer do not fit the context, the start is cut; BOS stays.</summary>
    /// <exception cref="InputException">
    /// The answer alone does not fit, or a conversation is asked and there is no chat template.
    /// </exception>
    public PromptIds Prompt(GenerateRequest request)
    {
        int[] ids = request.Prompt.Messages is { } messages
            ? [.. Render(messages), .. _tokenizer.Encode(request.Prompt.AssistantPrefix)]
            : Encode(request.Prompt.Text!);
        if (ids.Length == 0) ids = [Start];
        int most = _context - request.Options.MaxNewTokens;
        if (most < 1) throw new InputException(
            $"an answer of up to {request.Options.MaxNewTokens} tokens leaves no room for a prompt: the model's context is {_context}",
            fix: "Lower the answer's length with --max-gen-toks, or use a model with a longer context.");
        int dropped = Math.Max(0, ids.Length - most);
        if (dropped == 0) return new PromptIds(ids, 0);
        bool bos = ids[0] == _tokenizer.BosId && most > 1;
        return new PromptIds(bos ? [ids[0], .. ids[^(most - 1)..]] : ids[dropped..], dropped);
    }

    // A model without BOS begins an empty context with its end token, as the harness does.
    private int Start => _tokenizer.BosId ?? _tokenizer.EosId ?? 0;

    private (int[] Ids, int From) Split(ScoreRequest request)
    {
        if (request.Context.Messages is { } messages)
        {
            int[] turns = Render(messages), begun = _tokenizer.Encode(request.Context.AssistantPrefix),
                answer = _tokenizer.Encode(request.Context.AssistantPrefix + request.Continuation);
            return ([.. turns, .. answer], turns.Length + Math.Min(begun.Length, answer.Length - 1));
        }
        string context = request.Context.Text!, trimmed = context.TrimEnd(' ');
        if (_last.Text != trimmed) _last = (trimmed, Encode(trimmed));
        int[] before = _last.Ids, whole = Encode(context + request.Continuation);
        if (before.Length == 0) whole = [Start, .. whole];
        return (whole, Math.Clamp(before.Length, 1, whole.Length - 1));
    }

    private int[] Encode(string text)
    {
        int[] ids = _tokenizer.Encode(text, addSpecial: _bos);
        // A tokenizer that ends every text with EOS would make the model believe that the prompt is over.
        return ids is [.., int last] && _bos && last == _tokenizer.EosId && last != _tokenizer.BosId ? ids[..^1] : ids;
    }

    private int[] Render(IReadOnlyList<ChatMessage> messages) => _chat is { } chat
        ? chat.Render(messages, addGenerationPrompt: true).Ids
        : throw new InputException("the model has no chat template, and a conversation is asked of it", _where,
            "Leave --apply-chat-template out for a base model, or name a template with --template.");
}
