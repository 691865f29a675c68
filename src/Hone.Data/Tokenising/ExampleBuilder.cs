using Hone.Text;

namespace Hone.Data;

/// <summary>Which tokens of a conversation are learnt.</summary>
public enum SftLoss
{
    /// <summary>What the assistant wrote, end-of-turn tokens included.</summary>
    Assistant,

    /// <summary>Everything, as the public <c>sft.py</c> has it.</summary>
    All,
}

/// <summary>Turns rows into token ids.</summary>
/// <param name="renderPrompt">The one place that renders a prompt: messages, then the header of an assistant turn.</param>
/// <param name="render">The one place that renders a conversation to learn from.</param>
public sealed class ExampleBuilder(
    Func<IReadOnlyList<ChatMessage>, RenderedChat> renderPrompt, Func<IReadOnlyList<ChatMessage>, MaskedChat> render)
{
    /// <summary>
    /// A conversation. Where a template renders an earlier answer otherwise than it was given (reasoning stripped, say), that
    /// answer is context only, and <paramref name="report"/> counts it: as a rule the last answer alone is learnt then.
    /// </summary>
    public SftExample Sft(Conversation row, SftLoss loss, DataReport? report = null)
    {
        MaskedChat chat = render(row.Messages);
        if (loss == SftLoss.All) return new SftExample(chat.Ids, All(chat.Ids.Length));
        if (chat.NotMarked is not null) report?.Change(DropReason.AnswerRewritten);
        return new SftExample(chat.Ids, chat.AssistantMask);
    }

    /// <summary>BOS, the text, EOS; all of it is learnt.</summary>
    /// <param name="row">The text.</param>
    /// <param name="encode">Text to ids, without special tokens.</param>
    /// <param name="bosId">Null where the model has none. Not added where <paramref name="encode"/> already did.</param>
    /// <param name="eosId">As <paramref name="bosId"/>, at the end.</param>
    public static SftExample Text(TextRow row, Func<string, int[]> encode, int? bosId, int? eosId)
    {
        int[] text = encode(row.Text);
        List<int> ids = [];
        if (bosId is { } bos && (text.Length == 0 || text[0] != bos)) ids.Add(bos);
        ids.AddRange(text);
        if (eosId is { } eos && ids[^1] != eos) ids.Add(eos);
        return new SftExample([.. ids], All(ids.Count));
    }

    /// <summary>
    /// Prompt = the rendered prompt with the assistant's header; each answer = the rest of the whole conversation's
    /// rendering, up to and with its end-of-turn token.
    /// </summary>
    /// <exception cref="InputException">
    /// The template does not render the answer right after the prompt, so no such split exists.
    /// </exception>
    public PreferenceExample Preference(Preference row, string? where = null)
    {
        int[] prompt = Prompt(row.Prompt);
        int[] chosen = Answer(row.Prompt, prompt, row.Chosen, where);
        double margin = row.Margin ?? (row.ChosenScore - row.RejectedScore) ?? 0;
        return new PreferenceExample(prompt, chosen, Answer(row.Prompt, prompt, row.Rejected, where)) { Margin = margin };
    }

    /// <summary>The ids that were sampled, where the row has them; else its texts are rendered.</summary>
    /// <exception cref="InputException">As <see cref="Preference(Data.Preference, string?)"/>.</exception>
    public PreferenceExample Preference(PairRow row, string? where = null) =>
        row is { PromptIds: { } prompt, ChosenIds: { } chosen, RejectedIds: { } rejected }
            ? new PreferenceExample(prompt, chosen, rejected) { Margin = row.Margin ?? 0 }
            : Preference(new Preference(row.Prompt, row.Chosen, row.Rejected, Margin: row.Margin), where);

    /// <summary>As a pair's chosen answer is made.</summary>
    /// <exception cref="InputException">As <see cref="Preference(Data.Preference, string?)"/>.</exception>
    internal LabelledExample Labelled(LabelledAnswer row, string? where = null)
    {
        int[] prompt = Prompt(row.Prompt);
        return new LabelledExample(prompt, Answer(row.Prompt, prompt, row.Answer, where), row.Good);
    }

    /// <summary>The ids that were sampled, where the row has them; else its texts are rendered.</summary>
    /// <exception cref="InputException">As <see cref="Preference(Data.Preference, string?)"/>.</exception>
    public PromptExample Sample(SampleRow row, string? where = null)
    {
        int[] prompt = row.PromptIds ?? Prompt(row.Prompt);
        return new PromptExample(prompt, row.ResponseIds is { } ids && row.PromptIds is not null
            ? ids
            : [.. row.Responses.Select(answer => Answer(row.Prompt, prompt, answer, where))]);
    }

    /// <summary>A prompt as the model sees it before it answers, the assistant's header included. [time]</summary>
    public int[] Prompt(IReadOnlyList<ChatMessage> messages) => renderPrompt(messages).Ids;

    private int[] Answer(IReadOnlyList<ChatMessage> messages, int[] prompt, string answer, string? where)
    {
        MaskedChat chat = render([.. messages, ChatMessage.Assistant(answer)]);
        if (chat.Ids.Length <= prompt.Length || !chat.Ids.AsSpan().StartsWith(prompt))
        {
            int same = chat.Ids.AsSpan().CommonPrefixLength(prompt);
            throw new InputException(
                $"the chat template does not continue the prompt: with the answer, it departs from it at "
                    + $"token {same + 1} of {prompt.Length}",
                where,
                "The template must render a conversation as its prompt (with the assistant's header) followed by the answer.");
        }
        // What a template writes after the end-of-turn token (ChatML: a line break) is not the assistant's.
        int end = Array.LastIndexOf(chat.AssistantMask, true) + 1;
        if (end <= prompt.Length)
            throw new InputException(
                $"no token of the answer can be told to be the assistant's: {chat.NotMarked ?? "the template marks none"}", where);
        return chat.Ids[prompt.Length..end];
    }

    private static bool[] All(int count)
    {
        bool[] mask = new bool[count];
        Array.Fill(mask, true);
        return mask;
    }
}
