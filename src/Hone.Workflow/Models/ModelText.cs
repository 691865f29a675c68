using Hone.Data;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>
/// How a model folder's text becomes token ids and back. With a chat template, conversations are rendered by it. Without
/// one the model is a plain continuation model: a prompt is BOS and the text, an answer is its text and EOS.
/// </summary>
public sealed class ModelText
{
    private ModelText(Tokenizer tokenizer, ChatFormat? chat)
    {
        Tokenizer = tokenizer;
        Chat = chat;
        Examples = new ExampleBuilder(Render);
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>Null for a model without a chat template.</summary>
    public ChatFormat? Chat { get; }

    public ExampleBuilder Examples { get; }

    public static ModelText Load(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        ChatTemplate? template = ChatTemplate.TryLoad(folder);
        return new ModelText(tokenizer, template is null ? null : new ChatFormat(tokenizer, template));
    }

    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) =>
        Chat is { } chat ? chat.Render(messages, addGenerationPrompt) : RenderPlain(messages);

    /// <summary>Text of a row of plain text, as SFT learns it.</summary>
    public SftExample Story(TextRow row) =>
        ExampleBuilder.Text(row, text => Tokenizer.Encode(text), Tokenizer.BosId, Tokenizer.EosId);

    /// <summary>An answer's text, special tokens left out.</summary>
    public string Decode(ReadOnlySpan<int> ids) => Tokenizer.Decode(ids, skipSpecial: true);

    private RenderedChat RenderPlain(IReadOnlyList<ChatMessage> messages)
    {
        var ids = new List<int>();
        var mask = new List<bool>();
        void Add(IEnumerable<int> more, bool assistant)
        {
            foreach (int id in more)
            {
                ids.Add(id);
                mask.Add(assistant);
            }
        }
        if (Tokenizer.BosId is { } bos) Add([bos], false);
        foreach (ChatMessage message in messages)
        {
            bool assistant = message.Role == "assistant";
            Add(Tokenizer.Encode(message.Content), assistant);
            if (assistant && Tokenizer.EosId is { } eos) Add([eos], true);
        }
        return new RenderedChat(string.Concat(messages.Select(m => m.Content)), [.. ids], [.. mask]);
    }
}
