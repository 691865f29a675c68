using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Hone.Text.AddedTokens;
using Hone.Text.Bpe;
using Hone.Text.Decoding;
using Hone.Text.Splitting;

namespace Hone.Text.TokenizerFile;

/// <summary>
/// A tokenizer.model of Llama-3: tiktoken ranks, a token in base64 and its rank on each line. The file holds neither the split pattern
/// nor the control tokens. The pattern is Llama-3's; the control tokens are those of tokenizer_config.json, else the 256 of Meta's
/// Llama-3 code (Llama-3.1 names some of the reserved ones, under the same ids).
/// </summary>
internal static class TiktokenLoader
{
    private const int MaxTokenBytes = 512;
    private const int LlamaRanks = 128_000;
    private const int ControlTokens = 256;
    private const string Bos = "<|begin_of_text|>";
    private const string Eos = "<|end_of_text|>";

    public static TokenizerParts Load(ReadOnlySpan<byte> file, TokenizerConfig config, string path)
    {
        TokenTable pieces = ReadRanks(file, path);
        int[] bytes = ByteTokens(pieces, path);
        List<AddedToken> added = [];
        AddedTokenReader.AddFromConfig(config.Fields, config.AllNamed(), added);
        if (added.Count == 0) added = LlamaControl(pieces.Count);
        TokenTable spelled = Spell(pieces);
        foreach (AddedToken token in added) token.AddTo(spelled, path);
        HashSet<int> control = [.. added.Where(t => t.Special).Select(t => t.Id)];

        BpeRules rules = new(ByteLevel: true, ByteFallback: false, FuseUnknown: false, IgnoreMerges: true, UnknownId: null);
        BpeModel model = new(pieces, Merges(pieces, control), rules, control, bytes);
        TokenRoles roles = config.Roles;
        roles = roles with { Bos = roles.Bos ?? Bos, Eos = roles.Eos ?? Eos };
        bool addsBos = config.Flag("add_bos_token") ?? true;
        List<int> before = addsBos && spelled.TryGet(Encoding.UTF8.GetBytes(roles.Bos), out int bos) ? [bos] : [];
        ScannerSplit splitter = new(WordScanner.For(WordScanner.Llama3)!);
        return new(spelled, added, null, splitter, model, Decoder(pieces, spelled), new Surroundings(before, []), roles);
    }

    private static TokenTable ReadRanks(ReadOnlySpan<byte> file, string path)
    {
        TokenTable pieces = new(expected: file.Length / 16);
        Span<byte> token = stackalloc byte[MaxTokenBytes];
        int number = 0;
        foreach (Range range in file.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = file[range].TrimEnd((byte)'\r');
            if (line.IsEmpty) continue;
            int space = line.IndexOf((byte)' ');
            string where = $"{path}:{number}";
            if (space <= 0) throw new InputException("a line must be a token in base64, a space and its rank", where);
            OperationStatus status = Base64.DecodeFromUtf8(line[..space], token, out _, out int length);
            if (status == OperationStatus.DestinationTooSmall)
            {
                throw new InputException($"a token has more than {MaxTokenBytes} bytes", where);
            }
            if (status != OperationStatus.Done || length == 0) throw new InputException("the token is not base64", where);
            ReadOnlySpan<byte> digits = line[(space + 1)..];
            if (!Utf8Parser.TryParse(digits, out int rank, out int used) || used != digits.Length || rank is < 0 or > TokenTable.MaxId)
            {
                throw new InputException($"the rank must be an integer from 0 to {TokenTable.MaxId}", where);
            }
            if (!pieces.TryAdd(token[..length], rank)) throw new InputException($"the token or its rank {rank} appears twice", where);
        }
        if (pieces.Count != pieces.Size)
        {
            throw new InputException($"the ranks of {pieces.Count} tokens must be 0 to {pieces.Count - 1}", path);
        }
        if (pieces.Count > LlamaRanks)
        {
            throw new InputException(
                $"{pieces.Count} ranks: only Llama-3's split pattern, for up to {LlamaRanks} ranks, is known for a tiktoken file",
                path,
                "put the model's tokenizer.json beside it, which holds the pattern");
        }
        return pieces;
    }

    private static int[] ByteTokens(TokenTable pieces, string path)
    {
        int[] ids = new int[256];
        for (int b = 0; b < ids.Length; b++)
        {
            if (!pieces.TryGet([(byte)b], out ids[b]))
            {
                throw new InputException(
                    $"no token stands for the single byte 0x{b:X2}", path,
                    "a tiktoken file needs all 256; this one is cut short or broken");
            }
        }
        return ids;
    }

    // tiktoken merges the neighbours whose union has the lowest rank, however the union is cut.
    private static MergeTable Merges(TokenTable pieces, HashSet<int> control)
    {
        MergeTable merges = new();
        for (int id = 0; id < pieces.Size; id++)
        {
            ReadOnlySpan<byte> token = pieces.BytesOf(id);
            if (control.Contains(id)) continue;
            for (int cut = 1; cut < token.Length; cut++)
            {
                if (pieces.TryGet(token[..cut], out int left) && pieces.TryGet(token[cut..], out int right))
                {
                    merges.Set(left, right, id, id);
                }
            }
        }
        return merges;
    }

    // Spelled in the byte alphabet, as the same vocabulary is in a tokenizer.json.
    private static TokenTable Spell(TokenTable pieces)
    {
        TokenTable spelled = new(pieces.Count + ControlTokens);
        Span<char> chars = stackalloc char[MaxTokenBytes];
        Span<byte> utf8 = stackalloc byte[MaxTokenBytes * 2];
        for (int id = 0; id < pieces.Size; id++)
        {
            ReadOnlySpan<byte> token = pieces.BytesOf(id);
            for (int i = 0; i < token.Length; i++) chars[i] = ByteAlphabet.CharOf(token[i]);
            spelled.TryAdd(utf8[..Encoding.UTF8.GetBytes(chars[..token.Length], utf8)], id);
        }
        return spelled;
    }

    private static TokenDecoder Decoder(TokenTable pieces, TokenTable spelled)
    {
        byte[]?[] bytes = new byte[spelled.Size][];
        for (int id = 0; id < bytes.Length; id++)
        {
            if (spelled.Has(id)) bytes[id] = (pieces.Has(id) ? pieces : spelled).BytesOf(id).ToArray();
        }
        return new TokenDecoder(bytes);
    }

    private static List<AddedToken> LlamaControl(int first)
    {
        int reserved = 0;
        return [.. Enumerable.Range(0, ControlTokens).Select(i => new AddedToken(
            first + i,
            i switch
            {
                0 => Bos,
                1 => Eos,
                6 => "<|start_header_id|>",
                7 => "<|end_header_id|>",
                9 => "<|eot_id|>",
                _ => $"<|reserved_special_token_{reserved++}|>",
            },
            SingleWord: false, StripsLeft: false, StripsRight: false, Normalized: false, Special: true))];
    }
}
