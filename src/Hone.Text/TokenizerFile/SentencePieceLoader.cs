using System.Text;
using Hone.Text.AddedTokens;
using Hone.Text.Bpe;
using Hone.Text.Decoding;
using Hone.Text.Splitting;

namespace Hone.Text.TokenizerFile;

/// <summary>
/// A tokenizer.model of SentencePiece's BPE type (Llama-2, Mistral, Gemma). Neighbours merge by the score of their union, the highest
/// first; pieces that the model's makers defined are taken whole wherever they stand.
/// Control tokens that the file does not have come from tokenizer_config.json.
/// </summary>
internal static class SentencePieceLoader
{
    public static TokenizerParts Load(ReadOnlySpan<byte> file, TokenizerConfig config, string path)
    {
        SentencePieceModel source = SentencePieceModel.Read(file, path);
        TokenTable spelled = Vocabulary(source, path, out int unknown);
        int[] bytes = ByteTokens(source, path);
        List<AddedToken> added = [];
        AddedTokenReader.AddFromConfig(config.Fields, config.AllNamed(), added);
        AddControl(source, added);
        foreach (AddedToken token in added) token.AddTo(spelled, path);
        HashSet<int> control = [.. added.Where(t => t.Special && t.Content.Length > 1).Select(t => t.Id)];

        BpeRules rules = new(ByteLevel: false, source.ByteFallback, FuseUnknown: true, IgnoreMerges: false, unknown)
        {
            Whole = source.Pieces.Index().Where(p => p.Item.Kind == PieceKind.UserDefined).Select(p => p.Index).ToHashSet(),
        };
        BpeModel model = new(spelled, Merges(source, spelled, control, path), rules, control, bytes);
        bool prefix = source.AddsDummyPrefix && (config.Flag("add_prefix_space") ?? true);
        // transformers' "legacy" begins anew, with a space of its own, after each control token.
        List<AddedToken> userDefined = [.. source.Pieces.Index().Where(p => p.Item.Kind == PieceKind.UserDefined)
            .Select(p => Added(p.Index, Encoding.UTF8.GetString(p.Item.Text), special: false))];
        SentencePieceText splitter = new(prefix, everySegment: config.Flag("legacy") ?? true, source.CollapsesSpaces)
        {
            Whole = new(userDefined.Select(t => (t.Content, t))),
        };
        TokenRoles roles = config.Roles;
        roles = new(
            roles.Bos ?? source.Bos, roles.Eos ?? source.Eos, roles.Pad ?? source.Pad, roles.Unk
            ?? Encoding.UTF8.GetString(source.Pieces[unknown].Text));
        List<int> before = config.Flag("add_bos_token") ?? true ? IdOf(spelled, roles.Bos!) : [];
        List<int> after = config.Flag("add_eos_token") ?? false ? IdOf(spelled, roles.Eos!) : [];
        return new(spelled, added, null, splitter, model, Decoder(source, spelled, bytes, prefix), new Surroundings(before, after), roles);
    }

    private static TokenTable Vocabulary(SentencePieceModel source, string path, out int unknown)
    {
        TokenTable spelled = new(source.Pieces.Count);
        unknown = -1;
        for (int id = 0; id < source.Pieces.Count; id++)
        {
            (byte[] text, _, PieceKind kind) = source.Pieces[id];
            if (!spelled.TryAdd(text, id)) throw new InputException($"the piece '{Encoding.UTF8.GetString(text)}' appears twice", path);
            if (kind != PieceKind.Unknown) continue;
            if (unknown >= 0) throw new InputException($"the pieces {unknown} and {id} are both of kind Unknown", path);
            unknown = id;
        }
        return unknown >= 0 ? spelled : throw new InputException("no piece is of kind Unknown", path);
    }

    private static int[] ByteTokens(SentencePieceModel source, string path)
    {
        int[] ids = new int[256];
        Array.Fill(ids, -1);
        for (int id = 0; id < source.Pieces.Count; id++)
        {
            (byte[] text, _, PieceKind kind) = source.Pieces[id];
            if (kind != PieceKind.Byte) continue;
            if (!DecoderReader.TryParseByte(text, out byte b))
            {
                throw new InputException("a byte piece must be spelled <0xNN>", $"{path}: piece {id}");
            }
            ids[b] = id;
        }
        int missing = Array.IndexOf(ids, -1);
        return missing < 0 || !source.ByteFallback
            ? ids
            : throw new InputException($"byte_fallback is on, but no piece stands for the byte 0x{missing:X2}", path);
    }

    private static void AddControl(SentencePieceModel source, List<AddedToken> added)
    {
        HashSet<string> seen = [.. added.Select(t => t.Content)];
        for (int id = 0; id < source.Pieces.Count; id++)
        {
            (byte[] text, _, PieceKind kind) = source.Pieces[id];
            string name = Encoding.UTF8.GetString(text);
            if (kind is not (PieceKind.Control or PieceKind.Unknown) || !seen.Add(name)) continue;
            added.Add(Added(id, name, special: true));
        }
    }

    private static AddedToken Added(int id, string name, bool special) =>
        new(id, name, SingleWord: false, StripsLeft: false, StripsRight: false, Normalized: false, special);

    private static MergeTable Merges(SentencePieceModel source, TokenTable spelled, HashSet<int> control, string path)
    {
        // Equal scores are equal ranks: the leftmost pair then goes first.
        Dictionary<float, int> ranks = [];
        foreach (float score in source.Pieces.Select(p => p.Score).Distinct().OrderDescending()) ranks.Add(score, ranks.Count);
        bool IsNormal(ReadOnlySpan<byte> text, out int id) =>
            spelled.TryGet(text, out id) && id < source.Pieces.Count && source.Pieces[id].Kind == PieceKind.Normal;

        MergeTable merges = new();
        for (int id = 0; id < source.Pieces.Count; id++)
        {
            (byte[] text, float score, PieceKind kind) = source.Pieces[id];
            if (kind != PieceKind.Normal) continue;
            for (int start = 0, end = 1; end <= text.Length; end++)
            {
                if (end < text.Length && (text[end] & 0xC0) == 0x80) continue;
                if (!IsNormal(text.AsSpan(start, end - start), out _))
                {
                    string character = Encoding.UTF8.GetString(text, start, end - start);
                    throw new InputException($"the character '{character}' of a longer piece is not a piece itself", $"{path}: piece {id}");
                }
                start = end;
                if (end == text.Length || control.Contains(id)) continue;
                if (IsNormal(text.AsSpan(0, end), out int left) && IsNormal(text.AsSpan(end), out int right))
                {
                    merges.Set(left, right, ranks[score], id);
                }
            }
        }
        return merges;
    }

    private static TokenDecoder Decoder(SentencePieceModel source, TokenTable spelled, int[] byteTokens, bool prefix)
    {
        byte[]?[] bytes = new byte[spelled.Size][];
        for (int id = 0; id < bytes.Length; id++)
        {
            if (!spelled.Has(id)) continue;
            string text = Encoding.UTF8.GetString(spelled.BytesOf(id));
            bool normal = id < source.Pieces.Count && source.Pieces[id].Kind is PieceKind.Normal or PieceKind.UserDefined;
            bytes[id] = Encoding.UTF8.GetBytes(normal ? text.Replace(SentencePieceText.Space, ' ') : text);
        }
        for (int b = 0; b < byteTokens.Length; b++)
        {
            if (byteTokens[b] >= 0) bytes[byteTokens[b]] = [(byte)b];
        }
        return new TokenDecoder(bytes)
        {
            StripStart = prefix ? 1 : 0,
            ByteTokens = byteTokens.Where(id => id >= 0).ToHashSet(),
            BadBytes = BadBytes.ReplaceByte,
        };
    }

    private static List<int> IdOf(TokenTable spelled, string name) =>
        spelled.TryGet(Encoding.UTF8.GetBytes(name), out int id) ? [id] : [];
}
