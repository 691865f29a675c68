using System.Text;
using Hone.Data;
using Hone.Models;
using Hone.Text;

namespace Hone.Inference;

/// <summary>
/// How a model folder's text becomes token ids and back. With a chat template, conversations are rendered by it. Without
/// one the model is a plain continuation model: a prompt is BOS and the text, an answer is its text and EOS, and a conversation
/// of more than that is refused.
/// </summary>
public sealed class ModelText
{
    private ModelText(Tokenizer tokenizer, ChatFormat? chat)
    {
        Tokenizer = tokenizer;
        Chat = chat;
        Examples = new ExampleBuilder(messages => Render(messages, addGenerationPrompt: true), RenderMasked);
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>Null for a model without a chat template.</summary>
    public ChatFormat? Chat { get; }

    public ExampleBuilder Examples { get; }

    /// <summary>Longest sequence that the folder's model reads, in tokens; null where that is not known.</summary>
    public int? Context { get; private init; }

    /// <summary>The folder that it was read from.</summary>
    public required string Folder { get; init; }

    /// <summary>What is to be said once where prompts and answers are plain text to this model; else null.</summary>
    internal string? PlainNote => Chat is not null ? null : $"{Folder} has no chat template: a prompt and its answer are one plain text, "
        + "with a space between where neither has white space (--template NAME renders them as turns)";

    public static ModelText Load(string folder) =>
        Load(folder, ChatTemplate.TryLoad(folder), ChatTemplate.TryLoadNamed(folder, "tool_use"));

    /// <summary>The folder's tokenizer with a template from elsewhere.</summary>
    public static ModelText Load(string folder, ChatTemplate? template) => Load(folder, template, toolTemplate: null);

    private static ModelText Load(string folder, ChatTemplate? template, ChatTemplate? toolTemplate)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        return new ModelText(tokenizer, template is null ? null : new ChatFormat(tokenizer, template) { ToolTemplate = toolTemplate })
        {
            Folder = folder,
            Context = ContextOf(folder),
        };
    }

    /// <summary>
    /// Whether the other model turns a conversation into the same token ids: the same tokenizer and the same template. Reward
    /// models of one tokenizer family often have templates of their own.
    /// </summary>
    public bool RendersAs(ModelText other) =>
        Chat?.Template.Source == other.Chat?.Template.Source && Tokenizer.IsSame(Folder, other.Folder);

    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) =>
        Chat is { } chat ? chat.Render(messages, addGenerationPrompt) : RenderPlain(messages);

    /// <summary>A conversation to learn from, with the tokens that the assistant wrote.</summary>
    public MaskedChat RenderMasked(IReadOnlyList<ChatMessage> messages) =>
        Chat is { } chat ? chat.RenderMasked(messages) : RenderPlain(messages);

    /// <summary>
    /// A text cut in two after its first <paramref name="length"/> characters or soon after. A model that continues text
    /// must find its tokens as they are in whole texts, and a token may reach over the end of a sentence; so the cut is
    /// moved on to where a token and a word end. Null where there is no such place.
    /// </summary>
    public (string Prompt, string Answer)? Cut(string text, int length)
    {
        if (Chat is not null) return (text[..length].TrimEnd(), text[length..].TrimStart());
        int[] ids = Tokenizer.Encode(text);
        for (int count = 1; count < ids.Length; count++)
        {
            string before = Tokenizer.Decode(ids.AsSpan(0, count));
            if (before.TrimEnd().Length < length || before.Length >= text.Length || !text.StartsWith(before, StringComparison.Ordinal))
                continue;
            bool atWord = char.IsWhiteSpace(before[^1]) || char.IsWhiteSpace(text[before.Length]);
            if (atWord && Tokenizer.Encode(before).AsSpan().SequenceEqual(ids.AsSpan(0, count)))
                return (before, text[before.Length..].TrimStart());
        }
        return null;
    }

    /// <summary>Text of a row of plain text, as SFT learns it.</summary>
    public SftExample Story(TextRow row) =>
        ExampleBuilder.Text(row, text => Tokenizer.Encode(text), Tokenizer.BosId, Tokenizer.EosId);

    /// <summary>An answer's text, special tokens left out.</summary>
    public string Decode(ReadOnlySpan<int> ids) => Tokenizer.Decode(ids, skipSpecial: true);

    /// <summary>
    /// A prompt and its answer are one text, encoded as a whole: many vocabularies have a word and the white
    /// space at its side in one token, and ids of pieces encoded apart are such as the model has never seen.
    /// </summary>
    /// <exception cref="InputException">There is more than a prompt and its answer.</exception>
    private MaskedChat RenderPlain(IReadOnlyList<ChatMessage> messages)
    {
        if (messages is not ([{ Role: "user" or "assistant" }] or [{ Role: "user" }, { Role: "assistant" }]))
            throw NoTemplate($"a conversation of {string.Join(", ", messages.Take(3).Select(m => m.Role))}"
                + $"{(messages.Count > 3 ? ", ..." : "")} needs one");
        List<int> ids = Tokenizer.BosId is { } bos ? [bos] : [];
        List<bool> mask = [.. ids.Select(_ => false)];
        var all = new StringBuilder();
        string before = "";
        int[] beforeIds = [];
        foreach (ChatMessage message in messages)
        {
            bool assistant = message.Role == "assistant";
            string whole = Joined(before, message.Content);
            int[] wholeIds = Tokenizer.Encode(whole);
            int[] own = wholeIds.AsSpan().StartsWith(beforeIds) ? wholeIds[beforeIds.Length..] : Tokenizer.Encode(message.Content);
            if (assistant && Tokenizer.EosId is { } eos) own = [.. own, eos];
            ids.AddRange(own);
            mask.AddRange(own.Select(_ => assistant));
            all.Append(whole.AsSpan(before.Length));
            beforeIds = assistant ? [] : [.. beforeIds, .. own];
            before = assistant ? "" : whole;
        }
        return new MaskedChat(all.ToString(), [.. ids], [.. mask]);
    }

    internal InputException NoTemplate(string needs) =>
        new($"the model has no chat template, and {needs}", Folder, NamedTemplates.Advice(Tokenizer));

    // Known before the model is opened, so that data can be held to it. What is wrong with the file says whoever opens the model.
    private static int? ContextOf(string folder)
    {
        if (!File.Exists(Path.Combine(folder, ConfigFile.Name))) return null;
        try
        {
            return ConfigFile.Load(folder).ContextLimit;
        }
        catch (InputException)
        {
            return null;
        }
    }

    private static string Joined(string before, string content) =>
        before.Length == 0 || content.Length == 0 || char.IsWhiteSpace(before[^1]) || char.IsWhiteSpace(content[0])
            ? before + content
            : $"{before} {content}";
}
