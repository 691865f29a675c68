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

    /// <summary>What takes the template's place where tools are given: the folder's template named <c>tool_use</c>, as in transformers.</summary>
    public ChatTemplate? ToolTemplate { get; init; }

    /// <exception cref="InputException">The folder has no tokenizer or no chat template, or one of them is not supported.</exception>
    public static ChatFormat Load(string folder) => new(
        Tokenizer.Load(folder),
        ChatTemplate.TryLoad(folder) ?? throw new InputException(
            "the folder has no chat template", folder, "put a chat_template.jinja beside tokenizer.json"))
    {
        ToolTemplate = ChatTemplate.TryLoadNamed(folder, "tool_use"),
    };

    /// <summary>
    /// Ids of a conversation and which of them the assistant wrote. BOS stands at the beginning once, where the tokenizer or the template
    /// writes one.
    /// </summary>
    /// <exception cref="InputException">
    /// The template refuses the conversation, or renders a turn differently within it than when it was answered, so that a mask would lie.
    /// </exception>
    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false) => Render(ChatRequest.Of(messages, addGenerationPrompt));

    /// <inheritdoc cref="Render(IReadOnlyList{ChatMessage}, bool)"/>
    public RenderedChat Render(ChatRequest request)
    {
        try
        {
            return RenderPlain(request);
        }
        catch (JinjaException error)
        {
            // Raised outside of the template: the data itself.
            throw new InputException(error.Message, "the conversation", inner: error);
        }
    }

    private RenderedChat RenderPlain(ChatRequest request)
    {
        ChatTemplate template = ToolTemplate is not null && request.Variables.GetValueOrDefault("tools") is not null ? ToolTemplate : Template;
        request = request with { Messages = ContentParts.Fit(request.Messages, template) };
        char mark = ControlTextGuard.ChooseMark(TemplateData.Texts(request.Messages).Concat(TemplateData.Texts(request.Variables)));
        List<object?> messages = [.. request.Messages.Select(m => _guard.Protect(m, mark))];
        Dictionary<string, object?> variables = new(_variables, StringComparer.Ordinal);
        foreach ((string name, object? value) in request.Variables) variables[name] = _guard.Protect(value, mark);
        Output Run(int turns, bool addGenerationPrompt) => template.Run(
            new Dictionary<string, object?>(variables, StringComparer.Ordinal) { ["messages"] = messages[..turns], ["add_generation_prompt"] = addGenerationPrompt });

        Output whole = Run(messages.Count, request.AddGenerationPrompt);
        List<(int Start, int End)> spans = template.MarksGeneration
            ? whole.Generations
            : AssistantSpans.FromPrefixes([.. request.Messages.Select(Role)], whole.Text, (turns, prompt) => Run(turns, prompt).Text, Tokenizer.ControlTokens);

        List<int> ids = [];
        List<bool> mask = [];
        foreach (Segment segment in Tokenizer.FindSpecial(whole.Text)) Append(segment, whole.Text, mark, spans, ids, mask);
        if (Tokenizer.AddsBos && (ids.Count == 0 || ids[0] != Tokenizer.BosId))
        {
            ids.Insert(0, Tokenizer.BosId!.Value);
            mask.Insert(0, false);
        }
        return new RenderedChat(Unmark(whole.Text, mark), [.. ids], [.. mask]);
    }

    private void Append(Segment segment, string text, char mark, List<(int Start, int End)> spans, List<int> ids, List<bool> mask)
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
