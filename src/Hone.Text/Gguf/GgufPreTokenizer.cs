using Hone.Text.Splitting;

namespace Hone.Text.Gguf;

/// <summary>
/// The rules that GGUF knows by name (<c>tokenizer.ggml.pre</c>), each with the split pattern of the tokenizer.json that it stands for
/// and whether a word that is itself a token skips the merges, which the name implies.
/// </summary>
/// <param name="Name">As llama.cpp's converter writes it.</param>
/// <param name="Pattern">Of the Split before ByteLevel; null where ByteLevel cuts by GPT-2's own pattern.</param>
/// <param name="IgnoresMerges">tokenizer.json's <c>ignore_merges</c>.</param>
/// <param name="SingleDigits">Cuts each digit off before anything else.</param>
/// <param name="Composes">Normalizes to NFC first in tokenizer.json; llama.cpp does not.</param>
/// <param name="Aliases">Other names of the same rule.</param>
internal sealed record GgufPreTokenizer(
    string Name, string? Pattern, bool IgnoresMerges, bool SingleDigits = false, bool Composes = false, params string[] Aliases)
{
    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    private const string Lead = @"[^\r\n\p{L}\p{N}]?";
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly GgufPreTokenizer[] s_known =
    [
        new("llama-bpe", WordScanner.Llama3, IgnoresMerges: true, Aliases: ["llama3", "llama-v3", "falcon3", "lfm2"]),
        new("dbrx", WordScanner.Llama3, IgnoresMerges: false, Aliases: ["smaug-bpe", "chatglm-bpe", "glm4"]),
        new("qwen2", WordScanner.Qwen2, IgnoresMerges: false, Composes: true, Aliases: ["deepseek-r1-qwen", "megrez", "stablelm2"]),
        new("gpt-2", null, IgnoresMerges: false, Aliases: ["olmo", "phi-2", "mpt", "exaone4"]),
        new("smollm", null, IgnoresMerges: false, SingleDigits: true),
        new("tekken", $"{Lead}{Upper}*{Lower}+|{Lead}{Upper}+{Lower}*|\\p{{N}}{Rest}", IgnoresMerges: true),
        new("gpt-4o", $"{Lead}{Upper}*{Lower}+{Contraction}|{Lead}{Upper}+{Lower}*{Contraction}|\\p{{N}}{{1,3}}{Rest}",
            IgnoresMerges: false, Aliases: ["llama4"]),
    ];

    /// <exception cref="InputException">The name is missing or not known.</exception>
    public static GgufPreTokenizer Named(string? name, string where) =>
        s_known.FirstOrDefault(p => p.Name == name || p.Aliases.Contains(name)) ?? throw new InputException(
            name is null or "default"
                ? "the file does not say how its tokenizer cuts a text into words (tokenizer.ggml.pre)"
                : $"the pre-tokenizer \"{name}\" (tokenizer.ggml.pre) is not supported",
            where,
            $"supported: {string.Join(", ", s_known.Select(p => p.Name))}; or take the model's Hugging Face folder");

    /// <summary>The rule of a tokenizer.json.</summary>
    /// <exception cref="InputException">GGUF has no name for it.</exception>
    public static GgufPreTokenizer Of(string? pattern, bool singleDigits, bool ignoresMerges, string where)
    {
        List<GgufPreTokenizer> alike = [.. s_known.Where(p => p.Pattern == pattern && p.SingleDigits == singleDigits)];
        if (alike.Count == 0)
        {
            throw new InputException(
                $"the split pattern {pattern} has no name in GGUF that Hone knows", where,
                $"known: {string.Join(", ", s_known.Select(p => p.Name))}");
        }
        return alike.Find(p => p.IgnoresMerges == ignoresMerges) ?? throw new InputException(
            $"ignore_merges is {(ignoresMerges ? "true" : "false")}, but {alike[0].Name}, GGUF's name of this split pattern, implies "
            + "the opposite",
            where);
    }
}
