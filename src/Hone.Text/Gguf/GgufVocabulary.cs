namespace Hone.Text.Gguf;

/// <summary>Kinds of tokens in GGUF; the numbers are those of <c>llama_token_type</c>.</summary>
internal enum GgufTokenType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>
/// A tokenizer and chat template as GGUF stores them under <c>tokenizer.*</c>. <see cref="GgufVocabularyReader"/> makes one from a
/// Hugging Face folder, <see cref="GgufVocabularyWriter"/> makes such a folder of one.
/// </summary>
internal sealed record GgufVocabulary
{
    /// <summary>SentencePiece: neighbours merge by the score of their union.</summary>
    public const string SentencePiece = "llama";

    /// <summary>Byte-level BPE: neighbours merge by their rank.</summary>
    public const string ByteLevel = "gpt2";

    /// <summary><see cref="SentencePiece"/> or <see cref="ByteLevel"/>.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the rule that cuts a text into words, see <see cref="GgufPreTokenizer"/>.</summary>
    public required string PreTokenizer { get; init; }

    /// <summary>Spelling of each token, by id.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Kind of each token, by id.</summary>
    public required IReadOnlyList<GgufTokenType> Types { get; init; }

    /// <summary>Score of each token, by id; SentencePiece only.</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>Pairs "a b" in order of rank; byte-level only.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    public int? BosId { get; init; }

    public int? EosId { get; init; }

    public int? UnkId { get; init; }

    public int? PadId { get; init; }

    /// <summary>Ids besides <see cref="EosId"/> that end an answer.</summary>
    public IReadOnlyList<int> OtherStops { get; init; } = [];

    public bool AddsBos { get; init; }

    public bool AddsEos { get; init; }

    /// <summary>Puts a space before the text; SentencePiece only.</summary>
    public bool AddsSpacePrefix { get; init; }

    /// <summary>The Jinja source.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>The template for conversations with tools, where there is one of its own.</summary>
    public string? ToolTemplate { get; init; }
}
