using System.Runtime.InteropServices;
using System.Text.Json;
using Hone.Text.AddedTokens;
using Hone.Text.Chat;
using Hone.Text.Jinja;

namespace Hone.Text;

/// <summary>
/// A tokenizer and a chat template together: conversations in, ids and assistant mask out. Control tokens come from the template only;
/// their names typed in a message stay plain text.
/// </summary>
public sealed class ChatFormat
{
    private readonly ControlTextGuard _guard;
    private readonly Dictionary<string, object?> _variables;

    public ChatFormat(Tokenizer tokenizer, ChatTemplate template)
    {
        (Tokenizer, Template) = (tokenizer, template);
        _guard = new ControlTextGuard(tokenizer.ControlTokens);
        // transformers passes these two always.
        _variables = new(StringComparer.Ordinal) { ["tools"] = null, ["documents"] = null };
        Define("bos_token", tokenizer.BosId);
        Define("eos_token", tokenizer.EosId);
        Define("pad_token", tokenizer.PadId);
        Define("unk_token", tokenizer.UnkId);
    }

    public Tokenizer Tokenizer { get; }

    public ChatTemplate Template { get; }

    /// <summary>
    /// What takes the template's place where tools are given: the folder's template named <c>tool_use</c>, as in transformers.
    /// </summary>
    public ChatTemplate? ToolTemplate { get; init; }

    /// <exception cref="InputException">The folder has no tokenizer or no chat template, or one of them is not supported.</exception>
    public static ChatFormat Load(string folder) => new(
        Tokenizer.Load(folder),
        ChatTemplate.TryLoad(folder) ?? throw new InputException(
            "the folder has no chat template", folder, "Name one with --template, or put a chat_template.jinja beside tokenizer.json."))
    {
        ToolTemplate = ChatTemplate.TryLoadNamed(folder, "tool_use"),
    };

    /// <summary>
    /// Text and ids of a conversation, wherever the template renders it. BOS stands at the beginning once, where the tokenizer or the
    /// template writes one.
    /// </summary>
    /// <exception cref="InputException">The template refuses the conversation, fails, or exceeds its bounds.</exception>
    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false) =>
        Render(ChatRequest.Of(messages, addGenerationPrompt));

    /// <inheritdoc cref="Render(IReadOnlyList{ChatMessage}, bool)"/>
    public RenderedChat Render(ChatRequest request) => Run(request, rendering =>
    {
        string text = rendering.Render(request.Messages.Count, request.AddGenerationPrompt).Text;
        (List<int> ids, _) = Encode(text, rendering.Mark, []);
        return new RenderedChat(Unmark(text, rendering.Mark), [.. ids]);
    });

    /// <summary>
    /// A conversation to learn from: as <see cref="Render(ChatRequest)"/>, and which tokens the assistant wrote. {% generation %} blocks
    /// tell that; in a template without them an answer is marked where the conversation renders it, and all before it, just as when it
    /// was given. Templates that rewrite earlier turns so leave the last answer to be learnt.
    /// </summary>
    /// <exception cref="InputException">As <see cref="Render(ChatRequest)"/>.</exception>
    public MaskedChat RenderMasked(ChatRequest request) => Run(request, rendering =>
    {
        Output whole = rendering.Render(request.Messages.Count, request.AddGenerationPrompt);
        AssistantSpans told = rendering.Template.MarksGeneration
            ? new(whole.Generations, null)
            : AssistantSpans.FromPrefixes(
                [.. request.Messages.Select(Role)],
                whole.Text,
                // After the last turn, usually the only answer, that is the whole again.
                (turns, prompt) => turns == request.Messages.Count && prompt == request.AddGenerationPrompt
                    ? whole.Text : rendering.Render(turns, prompt).Text,
                Tokenizer.ControlTokens);
        (List<int> ids, List<bool> mask) = Encode(whole.Text, rendering.Mark, told.Spans);
        string? notMarked = told.NotTold is { } why ? Unmark(why, rendering.Mark) : null;
        return new MaskedChat(Unmark(whole.Text, rendering.Mark), [.. ids], [.. mask], notMarked);
    });

    /// <inheritdoc cref="RenderMasked(ChatRequest)"/>
    public MaskedChat RenderMasked(IReadOnlyList<ChatMessage> messages) => RenderMasked(ChatRequest.Of(messages));

    private T Run<T>(ChatRequest request, Func<Rendering, T> render)
    {
        char mark = '\0';
        try
        {
            ChatTemplate template = ToolTemplate is not null && request.Variables.GetValueOrDefault("tools") is not null
                ? ToolTemplate
                : Template;
            request = request with { Messages = ContentParts.Fit(request.Messages, template) };
            List<string> texts = [.. TemplateData.Texts(request.Messages), .. TemplateData.Texts(request.Variables)];
            mark = ControlTextGuard.ChooseMark(texts);
            TextBudget budget = new(texts.Sum(text => (long)text.Length));
            Dictionary<string, object?> variables = new(_variables, StringComparer.Ordinal);
            foreach ((string name, object? value) in request.Variables) variables[name] = _guard.Protect(value, mark, budget);
            return render(new(template, [.. request.Messages.Select(m => _guard.Protect(m, mark, budget))], variables, mark));
        }
        catch (JinjaException error)
        {
            // Raised outside of the template: the data itself.
            throw new InputException(error.Message, "the conversation", inner: error);
        }
        catch (InputException error) when (mark != '\0' && error.What.Contains(mark))
        {
            throw new InputException(Unmark(error.What, mark), error.Where, error.Fix, error);
        }
    }

    /// <summary>A conversation whose texts are protected, ready to be rendered whole or in part.</summary>
    private sealed record Rendering(
        ChatTemplate Template, IReadOnlyList<object?> Messages, IReadOnlyDictionary<string, object?> Variables, char Mark)
    {
        public Output Render(int turns, bool addGenerationPrompt) => Template.Run(new Dictionary<string, object?>(Variables)
        {
            ["messages"] = Messages.Take(turns).ToList(),
            ["add_generation_prompt"] = addGenerationPrompt,
        });
    }

    private (List<int> Ids, List<bool> Mask) Encode(string text, char mark, IReadOnlyList<(int Start, int End)> spans)
    {
        List<int> ids = [];
        List<bool> mask = [];
        foreach (Segment segment in Tokenizer.FindSpecial(text)) Append(segment, text, mark, spans, ids, mask);
        if (Tokenizer.AddsBos && (ids.Count == 0 || ids[0] != Tokenizer.BosId))
        {
            ids.Insert(0, Tokenizer.BosId!.Value);
            mask.Insert(0, false);
        }
        return (ids, mask);
    }

    private void Append(
        Segment segment, string text, char mark, IReadOnlyList<(int Start, int End)> spans, List<int> ids, List<bool> mask)
    {
        int start = segment.Start, end = segment.Start + segment.Length;
        List<int> own = segment.Token is { } token ? [token.Id] : EncodePart(text, start, end, mark);
        int first = ids.Count;
        ids.AddRange(own);
        mask.AddRange(Enumerable.Repeat(false, own.Count));
        foreach ((int spanStart, int spanEnd) in spans)
        {
            if (spanEnd <= start || spanStart >= end) continue;
            bool covers = spanStart <= start && spanEnd >= end;
            if (segment.Token is not null && !covers) continue;
            int from = spanStart <= start ? 0 : Cut(spanStart, isStart: true);
            int to = spanEnd >= end ? own.Count : Cut(spanEnd, isStart: false);
            for (int i = from; i < to; i++) mask[first + i] = true;
        }

        int Cut(int at, bool isStart) => TokenCuts.Before(
            Tokenizer, CollectionsMarshal.AsSpan(own), CollectionsMarshal.AsSpan(EncodePart(text, start, at, mark)), isStart);
    }

    private List<int> EncodePart(string text, int start, int end, char mark) =>
        Tokenizer.EncodePlain(Unmark(text[start..end], mark), opensText: start == 0);

    private static string Unmark(string text, char mark) => text.Replace(mark.ToString(), "", StringComparison.Ordinal);

    private static string Role(IReadOnlyDictionary<string, object?> message) => message.GetValueOrDefault("role") switch
    {
        string role => role,
        JsonElement { ValueKind: JsonValueKind.String } role => role.GetString()!,
        _ => "",
    };

    // A role without a token stays undefined, as in transformers.
    private void Define(string name, int? id)
    {
        if (id is int known) _variables[name] = Tokenizer.TokenOf(known);
    }
}
