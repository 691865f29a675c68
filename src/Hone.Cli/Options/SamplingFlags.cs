using System.CommandLine;

namespace Hone.Cli;

/// <summary>How the next token is chosen and how long an answer gets.</summary>
internal sealed class SamplingFlags
{
    private readonly Option<double?> _temperature = new("--temperature")
    {
        Description = "Softmax temperature; 0 takes the most likely token at every step.",
    };
    private readonly Option<double?> _topP = new("--top-p")
    {
        Description = "Keep the most likely tokens up to this probability; 1 keeps all.",
    };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Keep this many of the most likely tokens; 0 keeps all." };
    private readonly Option<int?> _maxNewTokens = new("--max-new-tokens") { Description = "Most tokens of an answer." };

    public SamplingFlags(Command command)
    {
        command.Add(_temperature);
        command.Add(_topP);
        command.Add(_topK);
        command.Add(_maxNewTokens);
    }

    /// <exception cref="InputException">It is negative or no number.</exception>
    public double? Temperature(ParseResult parsed) => parsed.GetValue(_temperature) is not { } t || (t >= 0 && double.IsFinite(t))
        ? parsed.GetValue(_temperature)
        : throw new InputException($"--temperature is {t}, it must be 0 or above");

    /// <summary>Refuses what would change nothing.</summary>
    /// <param name="samples">Whether tokens are drawn; else the likeliest is taken.</param>
    /// <exception cref="InputException">A flag is given that counts where tokens are drawn only.</exception>
    public void Check(ParseResult parsed, bool samples)
    {
        string? useless = samples ? null : TopP(parsed) is not null ? "--top-p" : TopK(parsed) is not null ? "--top-k" : null;
        if (useless is not null)
            throw new InputException($"{useless} changes nothing where the most likely token is taken at every step",
                fix: "Give a --temperature above 0 too, or leave it out.");
    }

    public double? TopP(ParseResult parsed) => parsed.GetValue(_topP);

    public int? TopK(ParseResult parsed) => parsed.GetValue(_topK);

    public int? MaxNewTokens(ParseResult parsed) => parsed.GetValue(_maxNewTokens);
}
