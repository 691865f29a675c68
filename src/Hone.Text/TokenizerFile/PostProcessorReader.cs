using System.Text;
using Hone.Text.Bpe;

namespace Hone.Text.TokenizerFile;

/// <summary>What a post-processor does to an encoded text.</summary>
/// <param name="Before">Ids put before it where special tokens are asked for.</param>
/// <param name="After">Ids put after it.</param>
internal sealed record Surroundings(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    /// <summary>True where the spans of tokens leave out the spaces at their ends (trim_offsets).</summary>
    public bool TrimsSpans { get; init; }

    /// <summary>True where the single space before the first word counts as added, and so is not trimmed (add_prefix_space).</summary>
    public bool KeepsFirstSpace { get; init; }

    /// <summary>
    /// The switches add_bos_token and add_eos_token of tokenizer_config.json, where they are given, decide in place of the
    /// post-processor, as transformers 5 has it for every class of tokenizer (4 has it for Llama's, Gemma's and Cohere's). A switch is off
    /// where the tokenizer has no such token.
    /// </summary>
    public Surroundings With(TokenizerConfig config, TokenTable spelled)
    {
        IReadOnlyList<int> Ids(bool add, string? token) =>
            add && token is not null && spelled.TryGet(Encoding.UTF8.GetBytes(token), out int id) ? [id] : [];

        return this with
        {
            Before = config.Flag("add_bos_token") is bool bos ? Ids(bos, config.Roles.Bos) : Before,
            After = config.Flag("add_eos_token") is bool eos ? Ids(eos, config.Roles.Eos) : After,
        };
    }
}

/// <summary>The post_processor section.</summary>
internal static class PostProcessorReader
{
    private const int MaxIds = 64;

    public static Surroundings Read(JsonFields? section)
    {
        Surroundings none = new([], []);
        return section is { } fields ? Add(fields, none) : none;
    }

    private static Surroundings Add(JsonFields fields, Surroundings known)
    {
        switch (fields.Type)
        {
            case "Sequence":
                return fields.Components("processors").Aggregate(known, (all, part) => Add(part, all));
            case "ByteLevel":
                return fields.Flag("trim_offsets") ?? true
                    ? known with { TrimsSpans = true, KeepsFirstSpace = fields.Flag("add_prefix_space") ?? true }
                    : known;
            case "TemplateProcessing":
                List<int> before = [], after = [];
                bool passed = false;
                foreach (JsonFields piece in fields.Components("single"))
                {
                    if (piece.Has("Sequence")) passed = true;
                    else (passed ? after : before).AddRange(IdsOf(fields, piece.Child("SpecialToken").Text("id"), piece.Where));
                }
                if (!passed) throw new InputException("the template has no place for the text", fields.Where + ".single");
                return known with { Before = [.. before, .. known.Before], After = [.. known.After, .. after] };
            default:
                throw new InputException(
                    $"the post-processor \"{fields.Type}\" is not supported", fields.Where,
                        "supported: Sequence, ByteLevel, TemplateProcessing");
        }
    }

    private static List<int> IdsOf(JsonFields template, string? name, string where)
    {
        if (name is null || !template.Has("special_tokens") || !template.Child("special_tokens").Has(name))
        {
            throw new InputException($"the template names the special token '{name}', which special_tokens does not define", where);
        }
        List<int> ids = template.Child("special_tokens").Child(name).Integers("ids");
        return ids.Count <= MaxIds ? ids : throw new InputException($"a special token of {ids.Count} ids; {MaxIds} are the most", where);
    }
}
