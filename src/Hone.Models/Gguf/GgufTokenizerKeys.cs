using Hone.Text.Gguf;

namespace Hone.Models.Gguf;

/// <summary>A vocabulary to and from the <c>tokenizer.*</c> pairs of a GGUF file.</summary>
internal static class GgufTokenizerKeys
{
    private const string Model = "tokenizer.ggml.model", PreTokenizer = "tokenizer.ggml.pre", Tokens = "tokenizer.ggml.tokens",
        Scores = "tokenizer.ggml.scores";
    private const string Types = "tokenizer.ggml.token_type", Merges = "tokenizer.ggml.merges",
        SpacePrefix = "tokenizer.ggml.add_space_prefix";
    private const string Bos = "tokenizer.ggml.bos_token_id", Eos = "tokenizer.ggml.eos_token_id", Unk = "tokenizer.ggml.unknown_token_id";
    private const string Pad = "tokenizer.ggml.padding_token_id", AddBos = "tokenizer.ggml.add_bos_token",
        AddEos = "tokenizer.ggml.add_eos_token";
    private const string Template = "tokenizer.chat_template", ToolTemplate = "tokenizer.chat_template.tool_use",
        TemplateNames = "tokenizer.chat_templates";

    private static readonly string[] s_templateNames = ["tool_use"];

    // GGUF has room for two more ids that end an answer: the end of a turn and the end of a message.
    private static readonly string[] s_otherStops = ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    public static void Write(GgufVocabulary words, GgufMetadata metadata, Action<string> warn)
    {
        metadata.Add(Model, words.Model);
        metadata.Add(PreTokenizer, words.PreTokenizer);
        metadata.Add(Tokens, words.Tokens.ToArray());
        metadata.Add(Scores, words.Scores?.ToArray());
        metadata.Add(Types, words.Types.Select(t => (int)t).ToArray());
        metadata.Add(Merges, words.Merges?.ToArray());
        void AddId(string key, int? id) => metadata.Add(key, id is { } known ? (uint)known : null);
        AddId(Bos, words.BosId);
        AddId(Eos, words.EosId);
        AddId(Unk, words.UnkId);
        AddId(Pad, words.PadId);
        foreach ((string key, int id) in s_otherStops.Zip(words.OtherStops)) metadata.Add(key, (uint)id);
        foreach (int id in words.OtherStops.Skip(s_otherStops.Length))
        {
            if (!GgufVocabularyWriter.StopIds(words with { OtherStops = [] }).Contains(id))
                warn($"GGUF has no room for a fourth id that ends an answer: {id} '{words.Tokens[id]}' will not end one");
        }

        metadata.Add(AddBos, words.AddsBos);
        metadata.Add(AddEos, words.AddsEos);
        if (words.Model == GgufVocabulary.SentencePiece) metadata.Add(SpacePrefix, words.AddsSpacePrefix);
        metadata.Add(Template, words.ChatTemplate);
        if (words.ToolTemplate is null) return;
        metadata.Add(TemplateNames, s_templateNames);
        metadata.Add(ToolTemplate, words.ToolTemplate);
    }

    /// <exception cref="InputException">A pair is missing or of another type.</exception>
    public static GgufVocabulary Read(GgufMetadata metadata)
    {
        string model = metadata.Text(Model) ?? throw Missing(metadata, Model);
        bool scored = model == GgufVocabulary.SentencePiece;
        IReadOnlyList<string> tokens = metadata.Texts(Tokens) ?? throw Missing(metadata, Tokens);
        int? Id(string key) => metadata.Integer(key) is not { } id ? null : id >= 0 && id < tokens.Count
            ? (int)id
            : throw metadata.Wrong(key, $"the id of one of the {tokens.Count} tokens");
        string? pre = metadata.Text(PreTokenizer);
        // What the format leaves out has the meaning that llama.cpp gives it (llama-vocab.cpp).
        bool bosByDefault = scored || pre is "llama-bpe" or "llama3" or "llama-v3" or "tekken";
        int? eos = Id(Eos) ?? (scored && tokens.Count > 2 ? 2 : null), bos = Id(Bos) ?? (scored && tokens.Count > 1 ? 1 : null);
        return new GgufVocabulary
        {
            Model = model,
            PreTokenizer = pre ?? "default",
            Tokens = tokens,
            Types = metadata.Integers(Types) is { } types
                ? [.. types.Select(t => (GgufTokenType)t)]
                : [.. tokens.Select(_ => GgufTokenType.Normal)],
            Scores = metadata.Numbers(Scores),
            Merges = metadata.Texts(Merges),
            BosId = bos,
            EosId = eos,
            UnkId = Id(Unk) ?? (scored && tokens.Count > 0 ? 0 : null),
            PadId = Id(Pad),
            OtherStops = [.. s_otherStops.Select(Id).OfType<int>().Where(id => id != eos).Distinct()],
            AddsBos = (metadata.Flag(AddBos) ?? bosByDefault) && bos is not null,
            AddsEos = metadata.Flag(AddEos) ?? false,
            AddsSpacePrefix = scored && (metadata.Flag(SpacePrefix) ?? true),
            ChatTemplate = metadata.Text(Template),
            ToolTemplate = metadata.Text(ToolTemplate),
        };
    }

    public static bool HasTemplate(GgufMetadata metadata) => metadata.Has(Template);

    /// <summary>The tokens that end an answer, as they are spelled.</summary>
    public static IReadOnlyList<string> StopTexts(GgufMetadata metadata)
    {
        GgufVocabulary words = Read(metadata);
        return [.. GgufVocabularyWriter.StopIds(words).Select(id => words.Tokens[id])];
    }

    private static InputException Missing(GgufMetadata metadata, string key) =>
        new($"The file has no {key}.", metadata.Path, "Take a file that holds the tokenizer too.");
}
