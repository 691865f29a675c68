using System.Collections.Frozen;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using Hone.Text.AddedTokens;
using Hone.Text.Offsets;
using Hone.Text.Splitting;
using Hone.Text.TokenizerFile;

namespace Hone.Text;

/// <summary>
/// Text to token ids and back, as the model's own tokenizer.json or tokenizer.model says: byte-level BPE (Llama-3, Qwen2, GPT-2) and
/// SentencePiece-style BPE with byte fallback (Llama-2, Mistral). Immutable; safe for many threads at once.
/// </summary>
public sealed class Tokenizer
{
    private const int StackBytes = 512;
    private readonly TokenizerParts _parts;
    private readonly AddedTokenFinder _raw;
    private readonly AddedTokenFinder _normalized;
    private readonly AddedTokenFinder _special;
    private readonly FrozenSet<int> _specialIds;

    internal Tokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _raw = new(parts.Added.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        _normalized = new(parts.Added.Where(t => t.Normalized).Select(t => (Normalized(t.Content), t)));
        // A control token of one character cannot be told from the character, so it is left to the vocabulary.
        _special = new(parts.Added.Where(t => t.Special && t.Content.Length > 1).Select(t => (t.Content, t)));
        _specialIds = parts.Added.Where(t => t.Special).Select(t => t.Id).ToFrozenSet();
        string Normalized(string content) => parts.Normalizer?.Apply(content, new TextBudget(content.Length)) ?? content;

        BosId = IdOf(parts.Roles.Bos);
        EosId = IdOf(parts.Roles.Eos);
        PadId = IdOf(parts.Roles.Pad);
        UnkId = IdOf(parts.Roles.Unk);
    }

    /// <summary>Highest id + 1.</summary>
    public int VocabularySize => _parts.Spelled.Size;

    public int? BosId { get; }

    public int? EosId { get; }

    public int? PadId { get; }

    public int? UnkId { get; }

    /// <summary>Ids of all control tokens.</summary>
    public IReadOnlySet<int> SpecialIds => _specialIds;

    /// <summary>True when <c>addSpecial</c> puts the BOS token before a text.</summary>
    internal bool AddsBos => BosId is int bos && _parts.Surroundings.Before.Contains(bos);

    /// <summary>True when <c>addSpecial</c> puts the EOS token after a text.</summary>
    internal bool AddsEos => EosId is int eos && _parts.Surroundings.After.Contains(eos);

    /// <summary>
    /// Reads tokenizer.json, else tokenizer.model (tiktoken ranks of Llama-3, or SentencePiece BPE), with tokenizer_config.json and
    /// special_tokens_map.json where they are present.
    /// </summary>
    /// <exception cref="InputException">A file is missing, broken, or uses a component that is not supported.</exception>
    public static Tokenizer Load(string folder) => new(TokenizerLoader.Load(folder));

    /// <summary>Path of the file that <see cref="Load"/> takes the vocabulary from.</summary>
    /// <exception cref="InputException">The folder has no such file.</exception>
    public static string FileIn(string folder) => TokenizerLoader.FileIn(folder);

    /// <summary>Whether two folders hold the same vocabulary, so that ids of one mean the same in the other.</summary>
    /// <exception cref="InputException">A folder has no such file.</exception>
    public static bool IsSame(string folder, string other) =>
        File.ReadAllBytes(FileIn(folder)).AsSpan().SequenceEqual(File.ReadAllBytes(FileIn(other)));

    /// <summary>Ids of a text. [time]</summary>
    /// <param name="text">Any text; half a surrogate pair counts as U+FFFD.</param>
    /// <param name="addSpecial">Adds what the post-processor adds, such as BOS.</param>
    /// <param name="parseSpecial">
    /// Lets the names of control tokens in the text become control tokens. Off, no text can ever do so.
    /// </param>
    public int[] Encode(string text, bool addSpecial = false, bool parseSpecial = false)
    {
        List<int> ids = new(text.Length / 3 + 8);
        if (addSpecial) ids.AddRange(_parts.Surroundings.Before);
        if (text.Length > 0) EncodeInto(text, parseSpecial, opensText: true, ids, new TextBudget(text.Length));
        if (addSpecial) ids.AddRange(_parts.Surroundings.After);
        return ids.ToArray();
    }

    /// <summary>Ids of many texts, computed on all cores; the same ids as <see cref="Encode"/> gives one by one. [texts][time]</summary>
    /// <param name="texts">Any texts.</param>
    /// <param name="addSpecial">As in <see cref="Encode"/>.</param>
    /// <param name="parseSpecial">As in <see cref="Encode"/>.</param>
    /// <param name="threads">Most threads; null for one per core.</param>
    public int[][] EncodeBatch(IReadOnlyList<string> texts, bool addSpecial = false, bool parseSpecial = false, int? threads = null)
    {
        int[][] ids = new int[texts.Count][];
        try
        {
            Parallel.For(0, texts.Count, new ParallelOptions { MaxDegreeOfParallelism = threads ?? Environment.ProcessorCount },
                i => ids[i] = Encode(texts[i], addSpecial, parseSpecial));
        }
        catch (AggregateException errors)
        {
            // As one by one: the error of a text, not of the threads.
            ExceptionDispatchInfo.Throw(errors.InnerException!);
        }
        return ids;
    }

    /// <summary>
    /// The tokens of a text and where each stands in it; the ids are those of <see cref="Encode"/>, the spans those of Hugging
    /// Face's <c>offset_mapping</c>, in UTF-16 units. [time]
    /// </summary>
    public TokenSpan[] EncodeWithOffsets(string text, bool addSpecial = false, bool parseSpecial = false)
    {
        List<TokenSpan> spans = text.Length > 0 ? new OffsetEncoder(_parts, _raw, _normalized, text, parseSpecial).Encode() : [];
        return addSpecial
            ? [.. _parts.Surroundings.Before.Select(id => new TokenSpan(id, 0, 0)), .. spans,
                .. _parts.Surroundings.After.Select(id => new TokenSpan(id, 0, 0))]
            : [.. spans];
    }

    /// <summary>
    /// Text of ids. Bytes that are no characters become U+FFFD, as many as the model's own tokenizer makes of them; ids that no token
    /// has are left out.
    /// </summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        StreamDecoder decoder = new(_parts.Decoder, skipSpecial ? _specialIds : FrozenSet<int>.Empty, eager: false);
        StringBuilder text = new();
        foreach (int id in ids) decoder.Append(id, text);
        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>Decodes ids as they are sampled.</summary>
    public StreamDecoder StartDecoding(bool skipSpecial = true) => new(_parts.Decoder, skipSpecial ? _specialIds : FrozenSet<int>.Empty);

    /// <summary>The token as the vocabulary spells it, such as <c>Ġhello</c> or <c>▁hello</c>.</summary>
    public string TokenOf(int id) => _parts.Spelled.Has(id)
        ? Encoding.UTF8.GetString(_parts.Spelled.BytesOf(id))
        : throw new ArgumentOutOfRangeException(nameof(id), id, "no token has this id");

    /// <summary>Finds a token by its spelling in the vocabulary.</summary>
    public bool TryGetId(string token, out int id) => _parts.Spelled.TryGet(Encoding.UTF8.GetBytes(token), out id);

    /// <summary>The bytes that tokens stand for.</summary>
    internal Decoding.TokenDecoder Decoder => _parts.Decoder;

    /// <summary>Finds the names of control tokens.</summary>
    internal AddedTokenFinder ControlTokens => _special;

    /// <summary>Where control tokens stand in a text written by a template: as they are spelled, whatever the normalizer does.</summary>
    internal List<Segment> FindSpecial(string text)
    {
        List<Segment> segments = [];
        _special.Split(text, parseSpecial: true, segments, new TextBudget(text.Length));
        return segments;
    }

    internal List<int> EncodePlain(string text, bool opensText)
    {
        List<int> ids = new(text.Length / 3 + 4);
        if (text.Length > 0) EncodeInto(text, parseSpecial: false, opensText, ids, new TextBudget(text.Length));
        return ids;
    }

    private void EncodeInto(string text, bool parseSpecial, bool opensText, List<int> ids, TextBudget budget)
    {
        if (_raw.IsEmpty)
        {
            EncodeSegment(text, parseSpecial, opensText, ids, budget);
            return;
        }
        List<Segment> segments = [];
        _raw.Split(text, parseSpecial, segments, budget);
        foreach (Segment segment in segments)
        {
            if (segment.Token is not null) ids.Add(segment.Token.Id);
            else EncodeSegment(text.Substring(segment.Start, segment.Length), parseSpecial, opensText && segment.Start == 0, ids, budget);
        }
    }

    private void EncodeSegment(string segment, bool parseSpecial, bool opensText, List<int> ids, TextBudget budget)
    {
        string text = _parts.Normalizer?.Apply(segment, budget) ?? segment;
        if (_normalized.IsEmpty)
        {
            EncodePieces(new Piece(text, 0, text.Length), opensText, ids, budget);
            return;
        }
        List<Segment> parts = [];
        _normalized.Split(text, parseSpecial, parts, budget);
        foreach (Segment part in parts)
        {
            if (part.Token is not null) ids.Add(part.Token.Id);
            else EncodePieces(new Piece(text, part.Start, part.Length), opensText && part.Start == 0, ids, budget);
        }
    }

    private void EncodePieces(Piece text, bool opensText, List<int> ids, TextBudget budget)
    {
        if (_parts.PreTokenizer is null)
        {
            EncodePiece(text.Span, ids);
            return;
        }
        List<Piece> pieces = new(text.Length / 4 + 4);
        _parts.PreTokenizer.Split(text, opensText, pieces, budget);
        foreach (Piece piece in CollectionsMarshal.AsSpan(pieces)) EncodePiece(piece.Span, ids);
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        int most = Encoding.UTF8.GetMaxByteCount(piece.Length);
        Span<byte> utf8 = most <= StackBytes ? stackalloc byte[StackBytes] : new byte[most];
        _parts.Model.Encode(utf8[..Encoding.UTF8.GetBytes(piece, utf8)], ids);
    }

    private int? IdOf(string? token) => token is not null && TryGetId(token, out int id) ? id : null;
}
