using System.Text;

namespace Hone.Text.Tests;

/// <summary>Broken and malicious tokenizer.model files end in an <see cref="InputException"/>.</summary>
public sealed class HostileTokenizerModelTests
{
    private static readonly string s_bytes = string.Concat(
        Enumerable.Range(0, 256).Select(b => $"{Convert.ToBase64String([(byte)b])} {b}\n"));

    public static TheoryData<string, string> Ranks => new()
    {
        { "single byte 0x00", "IQ== 0\nIg== 1\n" },
        { "empty", "" },
        { "single byte 0xFF", s_bytes[..^9] },
        { ":257: the token or its rank 255 appears twice", s_bytes + "YWI= 255\n" },
        { ":257: the token or its rank 256 appears twice", s_bytes + "YQ== 256\n" },
        { "must be 0 to 256", s_bytes + "YWI= 300\n" },
        { ":257: the rank", s_bytes + "YWI= 99999999999\n" },
        { ":257: the rank", s_bytes + "YWI= -1\n" },
        { ":257: the rank", s_bytes + "YWI= 25x\n" },
        { ":257: the token is not base64", s_bytes + "Y!I= 256\n" },
        { ":257: a line", s_bytes + "YWI=\n" },
        { ":257: a token has more than 512 bytes", s_bytes + new string('A', 4000) + " 256\n" },
        { "Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n" },
    };

    [Theory]
    [MemberData(nameof(Ranks))]
    public void A_broken_tiktoken_file_is_refused(string named, string file) => AssertRefused(named, Encoding.UTF8.GetBytes(file));

    [Fact]
    public void A_sound_tiktoken_file_merges_by_rank_and_keeps_control_tokens_to_itself()
    {
        Tokenizer tokenizer = Load(Encoding.UTF8.GetBytes(s_bytes + "YmM= 256\r\nYWI= 257\r\n"));
        Assert.Equal(['a', 256], tokenizer.Encode("abc"));
        Assert.Equal(258 + 256, tokenizer.VocabularySize);
        Assert.Equal([258, 257], tokenizer.Encode("ab", addSpecial: true));
        Assert.Equal([258 + 9], tokenizer.Encode("<|eot_id|>", parseSpecial: true));
        Assert.Equal("<|eot_id|>".Length, tokenizer.Encode("<|eot_id|>").Length);
    }

    [Fact]
    public void More_ranks_than_llama3_has_need_a_pattern_of_their_own()
    {
        StringBuilder file = new(s_bytes);
        for (int rank = 256; rank < 128_001; rank++) file.Append($"{Convert.ToBase64String(BitConverter.GetBytes(rank))} {rank}\n");
        AssertRefused("split pattern", Encoding.UTF8.GetBytes(file.ToString()));
    }

    public static TheoryData<string, byte[]> Models => new()
    {
        { "cut short", TinyModel()[..^1] },
        { "cut short", [0x0A] },
        { "cut short", [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x61] },
        { "cut short", [0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01] },
        { "cut short", [0x0A, 0xFF, 0xFF, 0xFF, 0x7F, 0x61] },
        { "cut short", [.. TinyModel(), 0x0B] },
        { "cut short", [.. TinyModel(), 0x00, 0x00] },
        { "cut short", Piece([0x08, 0x01]) },
        { "Unigram", TinyModel(type: 1) },
        { "Unigram", Piece(Text("x")) },
        { "Word", TinyModel(type: 3) },
        { "number 9", TinyModel(type: 9) },
        { "Unused", [.. Piece([.. Text("x"), 0x18, 5]), .. TinyModel()] },
        { "512 bytes", [.. Piece(Text(new string('x', 600))), .. TinyModel()] },
        { "512 bytes", [.. Piece([0x0A, 1, 0xFF]), .. TinyModel()] },
        { "512 bytes", [.. Piece([]), .. TinyModel()] },
        { "not a number", [.. Piece([.. Text("x"), 0x15, 0, 0, 0xC0, 0x7F]), .. TinyModel()] },
        { "twice", [.. Piece(Text("a")), .. TinyModel()] },
        { "'z'", [.. Piece(Text("za")), .. TinyModel()] },
        { "both of kind Unknown", [.. Piece([.. Text("x"), 0x18, 2]), .. TinyModel()] },
        { "kind Unknown", [.. Piece(Text("x")), .. Message(2, [0x18, 2])] },
        { "byte 0x00", [.. TinyModel(), .. Message(2, [0x98, 0x02, 1])] },
        { "<0xNN>", [.. Piece([.. Text("x"), 0x18, 6]), .. TinyModel()] },
        { "precompiled_charsmap", [.. TinyModel(), .. Message(3, [0x12, 1, 0x61])] },
        { "escape_whitespaces", [.. TinyModel(), .. Message(3, [0x28, 0])] },
        { "treat_whitespace_as_suffix", [.. TinyModel(), .. Message(2, [0xC0, 0x01, 1])] },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_broken_sentencepiece_model_is_refused(string named, byte[] file) => AssertRefused(named, file);

    [Fact]
    public void A_sound_sentencepiece_model_merges_by_score_and_fuses_what_it_does_not_know()
    {
        Tokenizer tokenizer = Load(TinyModel());
        Assert.Equal(["▁", "ab", "a", "<unk>"], tokenizer.Encode("abaxyz").Select(tokenizer.TokenOf));
        Assert.Equal("ab a", tokenizer.Decode(tokenizer.Encode("ab a")));
        Assert.Equal(tokenizer.BosId, tokenizer.Encode("a", addSpecial: true)[0]);
        Assert.DoesNotContain(tokenizer.BosId!.Value, tokenizer.Encode("<s>"));
        Assert.Contains(tokenizer.BosId!.Value, tokenizer.Encode("<s>", parseSpecial: true));
    }

    /// <summary>
    /// Gemma's way: no space in front, all spaces kept, pieces that its makers defined taken whole before anything merges.
    /// </summary>
    [Fact]
    public void Pieces_of_the_makers_are_taken_whole()
    {
        byte[] model =
        [
            .. TinyModel(), .. Piece([.. Text("ba"), 0x18, 4]), .. Piece([.. Text("▁▁"), 0x18, 4]), .. Message(3, [0x18, 0, 0x20, 0]),
        ];
        Tokenizer tokenizer = Load(model);
        Assert.Equal(["a", "ba"], tokenizer.Encode("aba").Select(tokenizer.TokenOf));
        Assert.Equal(["ab", "▁▁", "▁", "ab"], tokenizer.Encode("ab   ab").Select(tokenizer.TokenOf));
        Assert.Equal("ab   aba", tokenizer.Decode(tokenizer.Encode("ab   aba")));
        Assert.Equal([(0, 1), (1, 3)], tokenizer.EncodeWithOffsets("aba").Select(s => (s.Start, s.End)));
        Assert.DoesNotContain(tokenizer.Encode("ba").Single(), tokenizer.SpecialIds);
    }

    [Fact]
    public void Every_prefix_of_a_model_is_refused_or_read()
    {
        byte[] model = TinyModel();
        for (int length = 0; length < model.Length; length++)
        {
            byte[] part = model[..length];
            if (Record.Exception(() => Load(part)) is { } error) Assert.IsType<InputException>(error);
        }
    }

    // <unk> <s> </s> ▁ a b ab, BPE, identity normalizer with a dummy prefix that keeps all spaces.
    private static byte[] TinyModel(byte type = 2) =>
    [
        .. Piece([.. Text("<unk>"), 0x18, 2]),
        .. Piece([.. Text("<s>"), 0x18, 3]),
        .. Piece([.. Text("</s>"), 0x18, 3]),
        .. Piece([.. Text("▁"), 0x15, 0, 0, 0x80, 0xBF]),
        .. Piece([.. Text("a"), 0x15, 0, 0, 0, 0xC0]),
        .. Piece([.. Text("b"), 0x15, 0, 0, 0x40, 0xC0]),
        .. Piece([.. Text("ab"), 0x15, 0, 0, 0, 0x80]),
        .. Message(3, [0x20, 0]),
        .. Message(2, [0x18, type]),
    ];

    private static byte[] Piece(byte[] fields) => Message(1, fields);

    private static byte[] Text(string text) => Message(1, Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, byte[] body) => body.Length < 128
        ? [(byte)((field << 3) | 2), (byte)body.Length, .. body]
        : [(byte)((field << 3) | 2), (byte)(0x80 | (body.Length & 0x7F)), (byte)(body.Length >> 7), .. body];

    private static void AssertRefused(string named, byte[] file) =>
        Assert.Contains(named, Assert.Throws<InputException>(() => Load(file)).Message, StringComparison.Ordinal);

    private static Tokenizer Load(byte[] file)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("tokenizer.model"), file);
        return Tokenizer.Load(folder.Path);
    }
}
