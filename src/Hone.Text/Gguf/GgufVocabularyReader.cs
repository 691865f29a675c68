using System.Text;
using System.Text.Json;
using Hone.Text.AddedTokens;
using Hone.Text.Bpe;
using Hone.Text.TokenizerFile;

namespace Hone.Text.Gguf;

/// <summary>
/// Makes a GGUF vocabulary from the tokenizer files of a Hugging Face folder. What GGUF cannot express is refused by name.
/// </summary>
internal static class GgufVocabularyReader
{
    private const float AddedScore = -1000, UnusedScore = -10000; // as llama.cpp's converter gives them

    /// <param name="folder">Holds tokenizer.json or tokenizer.model.</param>
    /// <param name="size">Rows of the embedding; ids without a token become unused ones.</param>
    /// <param name="stopIds">Everything that ends an answer, besides the tokenizer's own end token.</param>
    /// <param name="warn">Takes what the programs that read GGUF will do differently.</param>
    /// <exception cref="InputException">A file is missing or broken, or GGUF has no way to say what it says.</exception>
    public static GgufVocabulary FromFolder(string folder, int size, IReadOnlyCollection<int> stopIds, Action<string> warn)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        if (tokenizer.VocabularySize > size)
            throw new InputException($"the tokenizer has {tokenizer.VocabularySize} tokens, the model only {size} rows for them", folder);
        string path = Tokenizer.FileIn(folder);
        TokenizerConfig config = TokenizerConfig.Read(folder);
        GgufVocabulary words = Path.GetFileName(path) == "tokenizer.json"
            ? FromJson(TokenizerJson.Read(path), config, folder, size, warn)
            : FromSentencePiece(path, config, config.Flag("add_prefix_space"), size);
        int? eos = tokenizer.EosId ?? (stopIds.Count > 0 ? stopIds.First() : null);
        List<int> others = [.. stopIds.Where(id => id != eos && id < size).Distinct()];
        return words with
        {
            BosId = tokenizer.BosId,
            EosId = eos,
            UnkId = tokenizer.UnkId,
            PadId = tokenizer.PadId,
            OtherStops = others,
            AddsBos = tokenizer.AddsBos,
            AddsEos = tokenizer.AddsEos,
            ChatTemplate = ChatTemplate.TryLoad(folder)?.Source,
            ToolTemplate = ChatTemplate.TryLoadNamed(folder, "tool_use")?.Source,
        };
    }

    private static GgufVocabulary FromJson(TokenizerJson file, TokenizerConfig config, string folder, int size, Action<string> warn)
    {
        (_, bool byteLevel) = PreTokenizerReader.Read(file.Fields("pre_tokenizer"));
        List<AddedToken> added = AddedTokenReader.Read(file, config.Fields, config.AllNamed());
        if (added.Exists(t => t.StripsLeft || t.StripsRight || t.SingleWord))
            warn("some added tokens take the white space beside them along (lstrip, rstrip) or match whole words only; GGUF cannot say so");
        TokenTable spelled = VocabularyReader.ReadVocabulary(file.Section("model.vocab"), file.Path);
        foreach (AddedToken token in added) token.AddTo(spelled, file.Path);

        string[] tokens = new string[size];
        GgufTokenType[] types = new GgufTokenType[size];
        for (int id = 0; id < size; id++)
        {
            bool known = spelled.Has(id);
            tokens[id] = known ? Encoding.UTF8.GetString(spelled.BytesOf(id)) : $"[PAD{id}]";
            types[id] = known ? GgufTokenType.Normal : GgufTokenType.Unused;
            if (known && !byteLevel && DecoderReader.TryParseByte(spelled.BytesOf(id), out _)) types[id] = GgufTokenType.Byte;
        }
        foreach (AddedToken token in added)
        {
            types[token.Id] = token.Special ? GgufTokenType.Control : GgufTokenType.UserDefined;
            // Such tokens are looked for in the text as it is typed.
            if (!token.Special && !byteLevel) tokens[token.Id] = token.Content.Replace('\u2581', ' ');
        }
        return byteLevel ? ByteLevel(file, tokens, types, warn) : SentencePiece(file, folder, config, tokens, types, warn);
    }

    private static GgufVocabulary ByteLevel(TokenizerJson file, string[] tokens, GgufTokenType[] types, Action<string> warn)
    {
        JsonFields? normalizer = file.Fields("normalizer");
        if (normalizer is { Type: "NFC" })
            warn("text is normalized to NFC by tokenizer.json, but not by llama.cpp: decomposed letters give other tokens");
        else if (normalizer is { } other && !(other.Type == "Sequence" && !other.Items("normalizers").Any()))
            throw new InputException($"the normalizer \"{other.Type}\" cannot be expressed in GGUF for byte-level BPE", other.Where);
        bool ignoresMerges = Model(file, "ignore_merges")?.Flag("value") ?? false;
        (string? pattern, bool digits) = SplitRule(file.Fields("pre_tokenizer")!.Value);
        return new()
        {
            Model = GgufVocabulary.ByteLevel,
            PreTokenizer = GgufPreTokenizer.Of(pattern, digits, ignoresMerges, $"{file.Path}: pre_tokenizer").Name,
            Tokens = tokens,
            Types = types,
            Merges = [.. Merges(file).Select(m => $"{m.Left} {m.Right}")],
        };
    }

    // What stands before ByteLevel: nothing (it cuts by itself), one Split, or Digits.
    private static (string? Pattern, bool SingleDigits) SplitRule(JsonFields section)
    {
        List<JsonFields> parts = section.Type == "Sequence" ? [.. section.Items("pretokenizers")] : [section];
        JsonFields last = parts[^1];
        if (last.Flag("add_prefix_space") ?? true)
            throw new InputException("add_prefix_space cannot be expressed in GGUF for byte-level BPE", last.Where);
        bool cuts = last.Flag("use_regex") ?? true;
        return parts[..^1] switch
        {
            [] when cuts => (null, false),
            [{ Type: "Digits" } digits] when cuts && (digits.Flag("individual_digits") ?? false) => (null, true),
            [{ Type: "Split" } split] when !cuts && split.Text("behavior") == "Isolated" && !(split.Flag("invert") ?? false)
                && split.Child("pattern").Text("Regex") is { } pattern => (pattern, false),
            _ => throw new InputException("this sequence of pre-tokenizers has no name in GGUF", section.Where),
        };
    }

    private static GgufVocabulary SentencePiece(
        TokenizerJson file, string folder, TokenizerConfig config, string[] tokens, GgufTokenType[] types, Action<string> warn)
    {
        JsonFields? splitter = file.Fields("pre_tokenizer");
        if (Model(file, "unk_token")?.Text("value") is { } unknown && Array.IndexOf(tokens, unknown) is >= 0 and int id)
            types[id] = GgufTokenType.Unknown;
        bool prefix = Prefix(file.Fields("normalizer"), splitter, warn);
        string scored = Path.Combine(folder, "tokenizer.model");
        if (File.Exists(scored) && RegularFile.ReadBytes(scored, JsonFile.MaxTokenizerBytes) is [0x0A, ..])
            return FromSentencePiece(scored, config, prefix, tokens.Length, tokens, types);
        if (!(Model(file, "byte_fallback")?.Flag("value") ?? false))
            warn("the tokenizer has no byte_fallback, but llama.cpp always spells what has no token in bytes");
        return new()
        {
            Model = GgufVocabulary.SentencePiece,
            PreTokenizer = "default",
            Tokens = tokens,
            Types = types,
            Scores = Scores(file, tokens, types),
            AddsSpacePrefix = prefix,
        };
    }

    // Prepend and Replace as a normalizer, or Metaspace; Gemma's Split at the spaces that Replace has taken away does nothing.
    private static bool Prefix(JsonFields? normalizer, JsonFields? splitter, Action<string> warn)
    {
        List<JsonFields> steps = normalizer is not { } one ? [] : one.Type == "Sequence" ? [.. one.Items("normalizers")] : [one];
        bool replaces = steps.Exists(s => s.Type == "Replace" && s.Child("pattern").Text("String") == " " && s.Text("content") == "\u2581");
        if (splitter is { Type: "Metaspace" } mark && steps.Count == 0)
        {
            string scheme = mark.Text("prepend_scheme") ?? (mark.Flag("add_prefix_space") ?? true ? "always" : "never");
            if (scheme == "first") warn("the tokenizer puts a space before the text only; llama.cpp puts one after each control token too");
            return scheme != "never";
        }
        bool harmless = splitter is null or { Type: "Split" } && (splitter is not { } cut || cut.Child("pattern").Text("String") == " ");
        bool prepends = steps is [{ Type: "Prepend" } first, ..] && first.Text("prepend") == "\u2581";
        if (!replaces || !harmless || steps.Count != (prepends ? 2 : 1))
            throw new InputException(
                "these normalizers and pre-tokenizers are not SentencePiece's, and GGUF has no other way to write them",
                (normalizer ?? splitter)?.Where);
        return prepends;
    }

    private static GgufVocabulary FromSentencePiece(
        string path, TokenizerConfig config, bool? prefix, int size, string[]? tokens = null, GgufTokenType[]? types = null)
    {
        byte[] bytes = RegularFile.ReadBytes(path, JsonFile.MaxTokenizerBytes);
        if (bytes is not [0x0A, ..])
            throw new InputException("a tiktoken file does not say how it merges or splits, which GGUF needs", path,
                "put the model's tokenizer.json beside it");
        SentencePieceModel source = SentencePieceModel.Read(bytes, path);
        bool alone = tokens is null;
        tokens ??= [.. Enumerable.Range(0, size).Select(id => $"[PAD{id}]")];
        types ??= [.. Enumerable.Repeat(GgufTokenType.Unused, size)];
        float[] scores = [.. types.Select(t => t == GgufTokenType.Unused ? UnusedScore : AddedScore)];
        for (int id = 0; id < Math.Min(size, source.Pieces.Count); id++)
        {
            (byte[] text, float score, PieceKind kind) = source.Pieces[id];
            string spelled = Encoding.UTF8.GetString(text);
            if (alone) (tokens[id], types[id]) = (spelled, (GgufTokenType)kind);
            else if (tokens[id] != spelled && types[id] is GgufTokenType.Normal or GgufTokenType.Byte)
                throw new InputException($"token {id} is '{tokens[id]}' in tokenizer.json and '{spelled}' here", path,
                    "the two files are of different models");
            scores[id] = score;
        }
        List<AddedToken> added = [];
        if (alone) AddedTokenReader.AddFromConfig(config.Fields, config.AllNamed(), added);
        foreach (AddedToken token in added)
        {
            if (types[token.Id] == GgufTokenType.Unknown) continue;
            (tokens[token.Id], scores[token.Id]) = (token.Content, AddedScore);
            types[token.Id] = token.Special ? GgufTokenType.Control : GgufTokenType.UserDefined;
        }
        return new()
        {
            Model = GgufVocabulary.SentencePiece,
            PreTokenizer = "default",
            Tokens = tokens,
            Types = types,
            Scores = scores,
            AddsSpacePrefix = prefix ?? source.AddsDummyPrefix,
        };
    }

    /// <summary>
    /// Scores under which merging by the score of the union is merging by rank: minus the order in which the merges first make each
    /// token. That holds where all merges into one token stand together and every pair whose union is a token is a merge.
    /// </summary>
    private static float[] Scores(TokenizerJson file, string[] tokens, GgufTokenType[] types)
    {
        Dictionary<string, int> order = new(StringComparer.Ordinal);
        HashSet<(string, string)> pairs = [];
        string? last = null;
        foreach ((string left, string right) in Merges(file))
        {
            string union = left + right;
            if (union != last && !order.TryAdd(union, order.Count)) throw Unscored($"the merges into '{union}' do not stand together");
            last = union;
            pairs.Add((left, right));
        }
        HashSet<string> normal = [.. tokens.Where((_, id) => types[id] == GgufTokenType.Normal)];
        float[] scores = new float[tokens.Length];
        int rank = order.Count;
        for (int id = 0; id < tokens.Length; id++)
        {
            if (types[id] is GgufTokenType.UserDefined) scores[id] = AddedScore;
            else if (types[id] is GgufTokenType.Unused) scores[id] = UnusedScore;
            if (types[id] is not GgufTokenType.Normal) continue;
            string token = tokens[id];
            for (int cut = 1; cut < token.Length; cut++)
            {
                if (char.IsLowSurrogate(token[cut]) || !normal.Contains(token[..cut]) || !normal.Contains(token[cut..])) continue;
                if (!pairs.Contains((token[..cut], token[cut..])))
                    throw Unscored($"'{token[..cut]}' and '{token[cut..]}' are no merge, but their union is a token");
            }
            scores[id] = -(order.TryGetValue(token, out int at) ? at : rank++);
        }
        return scores;

        InputException Unscored(string why) => new(
            $"the merges cannot be written as scores, which is how GGUF stores a SentencePiece vocabulary: {why}", file.Path,
            "put the model's tokenizer.model beside it");
    }

    // A scalar of the model section, whose vocabulary never becomes objects.
    private static JsonFields? Model(TokenizerJson file, string name)
    {
        ReadOnlyMemory<byte> json = file.Section("model." + name);
        return json.IsEmpty ? null : JsonFile.Parse((byte[])[.. "{\"value\":"u8, .. json.Span, (byte)'}'], $"{file.Path}: model.{name}");
    }

    private static IEnumerable<(string Left, string Right)> Merges(TokenizerJson file)
    {
        ReadOnlyMemory<byte> json = file.Section("model.merges");
        if (json.IsEmpty) yield break;
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonElement merge in document.RootElement.EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array) yield return (merge[0].GetString()!, merge[1].GetString()!);
            else
            {
                string pair = merge.GetString()!;
                int space = pair.IndexOf(' ');
                yield return (pair[..space], pair[(space + 1)..]);
            }
        }
    }
}
