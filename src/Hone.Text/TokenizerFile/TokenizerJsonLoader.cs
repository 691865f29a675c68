using System.Text;
using Hone.Text.AddedTokens;
using Hone.Text.Bpe;
using Hone.Text.Decoding;
using Hone.Text.Normalizing;
using Hone.Text.Splitting;

namespace Hone.Text.TokenizerFile;

/// <summary>Puts a tokenizer together from a tokenizer.json. What is not supported is refused by its name.</summary>
internal static class TokenizerJsonLoader
{
    public static TokenizerParts Load(TokenizerJson file, TokenizerConfig config)
    {
        RequireBpe(file);
        TokenTable vocabulary = VocabularyReader.ReadVocabulary(file.Section("model.vocab"), file.Path), spelled = vocabulary.Copy();
        List<AddedToken> added = AddedTokenReader.Read(file, config.Fields, config.AllNamed());
        foreach (AddedToken token in added)
        {
            token.AddTo(spelled, file.Path);
            // What is added is found in the text, never merged: the model does not know it. One character cannot be told from itself.
            if (token.Content.Length == 1 && token.Special) token.AddTo(vocabulary, file.Path);
        }
        HashSet<int> control = [.. added.Where(t => t.Special && t.Content.Length > 1).Select(t => t.Id)];

        Normalizer? normalizer = NormalizerReader.Read(file.Fields("normalizer"));
        (PreTokenizer? splitter, bool byteLevel) = PreTokenizerReader.Read(file.Fields("pre_tokenizer"));
        MergeTable merges = VocabularyReader.ReadMerges(file.Section("model.merges"), vocabulary, control, file.Path);
        BpeRules rules = ReadRules(file, spelled, byteLevel);
        BpeModel model = new(
            byteLevel ? SpelledInBytes(vocabulary) : vocabulary, merges, rules, control, ByteTokens(vocabulary, byteLevel));
        Surroundings surroundings = PostProcessorReader.Read(file.Fields("post_processor")).With(config, spelled);
        foreach (int id in surroundings.Before.Concat(surroundings.After))
        {
            if (!spelled.Has(id)) throw new InputException($"post_processor uses the id {id}, which no token has", file.Path);
        }
        TokenDecoder decoder = DecoderReader.Read(file.Fields("decoder"), spelled, file.Path);
        return new(spelled, added, normalizer, splitter, model, decoder, surroundings, config.Roles);
    }

    private static void RequireBpe(TokenizerJson file)
    {
        if (file.Section("model").IsEmpty) throw new InputException("the file has no model", file.Path);
        string type = Scalar(file, "model.type")?.Text("value") ?? (file.Section("model.merges").IsEmpty ? "(none)" : "BPE");
        if (type != "BPE") throw new InputException($"the model type \"{type}\" is not supported", file.Path, "supported: BPE");
        foreach (string name in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (Scalar(file, "model." + name)?.Text("value") is { Length: > 0 })
            {
                throw new InputException($"model.{name} is not supported", file.Path);
            }
        }
        if (Scalar(file, "model.dropout") is { } dropout && dropout.Child("value").Element.ToString() is not ("0" or "0.0"))
        {
            throw new InputException("model.dropout is not supported: the same text must always give the same ids", file.Path);
        }
    }

    private static BpeRules ReadRules(TokenizerJson file, TokenTable spelled, bool byteLevel)
    {
        int? unknown = null;
        if (Scalar(file, "model.unk_token")?.Text("value") is string name)
        {
            if (!spelled.TryGet(Encoding.UTF8.GetBytes(name), out int id))
            {
                throw new InputException($"model.unk_token '{name}' is not in the vocabulary", file.Path);
            }
            unknown = id;
        }
        bool Flag(string key) => Scalar(file, "model." + key)?.Flag("value") ?? false;
        return new(byteLevel, Flag("byte_fallback"), Flag("fuse_unk"), Flag("ignore_merges"), unknown);
    }

    // A scalar section is wrapped so that the same typed access serves it.
    private static JsonFields? Scalar(TokenizerJson file, string name)
    {
        ReadOnlyMemory<byte> json = file.Section(name);
        if (json.IsEmpty) return null;
        return JsonFile.Parse((byte[])[.. "{\"value\":"u8, .. json.Span, (byte)'}'], $"{file.Path}: {name}");
    }

    // The vocabulary as the bytes that its tokens stand for. What holds other characters, no piece can spell.
    private static TokenTable SpelledInBytes(TokenTable spelled)
    {
        TokenTable table = new(spelled.Count);
        List<byte> bytes = [];
        for (int id = 0; id < spelled.Size; id++)
        {
            if (spelled.Has(id) && ByteAlphabet.TryDecode(spelled.BytesOf(id), bytes))
            {
                table.TryAdd(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes), id);
            }
        }
        return table;
    }

    private static int[] ByteTokens(TokenTable spelled, bool byteLevel)
    {
        int[] ids = new int[256];
        for (int b = 0; b < 256; b++)
        {
            string token = byteLevel ? ByteAlphabet.CharOf((byte)b).ToString() : $"<0x{b:X2}>";
            ids[b] = spelled.TryGet(Encoding.UTF8.GetBytes(token), out int id) ? id : -1;
        }
        return ids;
    }
}
