using System.Collections.Frozen;

namespace Hone.Inference;

/// <summary>
/// How the next token is chosen from the logits. Names, order and meaning are those of transformers' <c>generate</c>;
/// the defaults change nothing: greedy, no filter.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>The answer length of transformers' <c>generate</c> when nothing states one.</summary>
    public const int DefaultNewTokens = 20;

    private const int MostBeams = 64;

    /// <summary>Draw from the distribution; false takes the most probable token (the first of equals).</summary>
    public bool DoSample { get; init; }

    /// <summary>Logits are divided by it; above 0, and below 1e-5 the same as greedy. Sampling only.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keep the k most probable tokens and all that tie with the last of them; 0 keeps every token. Sampling only.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of most probable tokens whose probability reaches p; 1 keeps every token. Sampling only.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keep tokens at least this fraction as probable as the most probable; 0 keeps every token. Sampling only.</summary>
    public double MinP { get; init; }

    /// <summary>
    /// Keep the tokens whose surprise is nearest to the entropy until their probability reaches p (locally typical sampling, Meister
    /// et al. 2023, arXiv 2202.00666); 1 keeps every token. Sampling only.
    /// </summary>
    public double TypicalP { get; init; } = 1;

    /// <summary>
    /// Positive logits of tokens already in the prompt or the answer are divided by it, negative ones multiplied
    /// (Keskar et al. 2019, arXiv 1909.05858, section 4.1); 1 changes nothing. Greedy and sampling.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// Taken from a token's logit once per time that it stands in the answer already, as OpenAI defines it; -2 to 2, 0 changes
    /// nothing. Greedy and sampling.
    /// </summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>
    /// Taken from a token's logit once if it stands in the answer already, as OpenAI defines it; -2 to 2, 0 changes nothing. Greedy
    /// and sampling.
    /// </summary>
    public double PresencePenalty { get; init; }

    /// <summary>Added to the logits of these token ids, -100 to 100. Greedy and sampling.</summary>
    public IReadOnlyDictionary<int, double> LogitBias { get; init; } = FrozenDictionary<int, double>.Empty;

    /// <summary>Longest answer, in tokens, the stop token included; null leaves it to <see cref="MaxLength"/>.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Longest prompt and answer together, in tokens; counts only where <see cref="MaxNewTokens"/> is null.</summary>
    public int? MaxLength { get; init; }

    /// <summary>
    /// Seed of a request. Token t of answer i depends on (seed, i, t) and the logits alone, so two requests that hold the
    /// same prompt need different seeds to get independent answers.
    /// </summary>
    public ulong Seed { get; init; }

    /// <summary>An answer ends where one of these appears in its text, and the text is cut before it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>
    /// Beams of a beam search (<c>num_beams</c>), which takes the likeliest of whole answers in place of the likeliest token at every step;
    /// 1 is none. Not with sampling, stop strings or a format. Its tokens come when the search is over.
    /// </summary>
    public int Beams { get; init; } = 1;

    /// <summary>A beam search's scores are divided by the answer's length to this power: above 0 long answers gain.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>
    /// Whether a beam search's scores are log-probabilities again after penalties and biases (<c>renormalize_logits</c>). Without beams it
    /// changes nothing: what is drawn from, or the likeliest, stays the same.
    /// </summary>
    public bool RenormalizeLogits { get; init; }

    /// <summary>When a beam search ends.</summary>
    public BeamStopping EarlyStopping { get; init; }

    /// <summary>The format that answers have; null for any text. Greedy and sampling.</summary>
    public OutputConstraint? Constraint { get; init; }

    /// <summary>Whether logits are changed before anything is chosen, greedily or not.</summary>
    internal bool ChangesLogits =>
        RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0 || LogitBias.Count > 0;

    /// <summary>What a caller's temperature makes of these: 0 is greedy, above 0 samples, and then there are no beams.</summary>
    /// <param name="temperature">Null changes nothing.</param>
    internal SamplingOptions AtTemperature(double? temperature) => temperature switch
    {
        null => this,
        0 => this with { DoSample = false },
        { } asked => this with { DoSample = true, Temperature = asked, Beams = 1 },
    };

    /// <summary>Most new tokens after a prompt of <paramref name="promptLength"/> tokens.</summary>
    /// <exception cref="InputException"><see cref="MaxLength"/> leaves no room after the prompt.</exception>
    public int NewTokenLimit(int promptLength)
    {
        if (MaxNewTokens is { } newTokens) return newTokens;
        if (MaxLength is not { } total) return DefaultNewTokens;
        if (total > promptLength) return total - promptLength;
        throw new InputException($"the prompt has {promptLength} tokens, and max_length {total} leaves no room for an answer",
            fix: "Raise max_length, or set max_new_tokens, which does not count the prompt.");
    }

    /// <summary>Checks every value's range; the temperature only where it is used.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    /// <param name="where">The file that states the values, for the message.</param>
    public void Validate(string? where = null)
    {
        if (DoSample && !(Temperature > 0 && double.IsFinite(Temperature)))
            throw Wrong(
                "temperature", Temperature, "a number above 0", where, "For the most probable token at every step set do_sample to false.");
        if (TopK < 0) throw Wrong("top_k", TopK, "0 (off) or above", where);
        if (!(TopP is >= 0 and <= 1)) throw Wrong("top_p", TopP, "between 0 and 1", where);
        if (!(MinP is >= 0 and <= 1)) throw Wrong("min_p", MinP, "between 0 and 1", where);
        if (!(TypicalP is > 0 and <= 1)) throw Wrong("typical_p", TypicalP, "above 0 and at most 1", where);
        if (!(FrequencyPenalty is >= -2 and <= 2)) throw Wrong("frequency_penalty", FrequencyPenalty, "between -2 and 2", where);
        if (!(PresencePenalty is >= -2 and <= 2)) throw Wrong("presence_penalty", PresencePenalty, "between -2 and 2", where);
        foreach ((int id, double bias) in LogitBias)
            if (id < 0 || !(bias is >= -100 and <= 100))
                throw Wrong($"logit_bias of token {id}", bias, "between -100 and 100, for an id of the vocabulary", where);
        if (!(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty)))
            throw Wrong("repetition_penalty", RepetitionPenalty, "a number above 0", where);
        if (MaxNewTokens is < 1) throw Wrong("max_new_tokens", MaxNewTokens.Value, "1 or above", where);
        if (MaxLength is < 1) throw Wrong("max_length", MaxLength.Value, "1 or above", where);
        if (Beams is < 1 or > MostBeams) throw Wrong("num_beams", Beams, $"1 to {MostBeams}", where);
        if (!double.IsFinite(LengthPenalty)) throw Wrong("length_penalty", LengthPenalty, "a number", where);
        if (Beams > 1 && (DoSample || StopStrings.Count > 0 || Constraint is not null))
            throw new InputException(
                $"num_beams is {Beams}: a beam search goes neither with do_sample, nor with stop strings, nor with a format", where,
                "Set num_beams to 1, or leave the others out.");
        if (StopStrings.Any(string.IsNullOrEmpty))
            throw new InputException("a stop string is empty", where, fix: "Remove it from the stop strings.");
    }

    private static InputException Wrong(string name, double value, string wanted, string? where, string fix = "Correct the value.") =>
        new($"{name} is {value}, it must be {wanted}", where, fix);
}

/// <summary>When a beam search ends: <c>early_stopping</c> of transformers' <c>generate</c>.</summary>
public enum BeamStopping
{
    /// <summary>When no beam can become better than the whole answers if it stays as long as it is (false).</summary>
    Heuristic,

    /// <summary>As soon as there are as many whole answers as beams (true).</summary>
    AtOnce,

    /// <summary>When no beam can become better at any length ("never").</summary>
    Never,
}
