namespace Hone.Data;

/// <summary>A sequence to be learnt.</summary>
/// <param name="Ids">Token ids. [time]</param>
/// <param name="LossMask">Whether each token is learnt (predicted from those before it). [time]</param>
public sealed record SftExample(int[] Ids, bool[] LossMask);

/// <summary>A preference pair in tokens; the answers include their end-of-turn token. Each [time]</summary>
public sealed record PreferenceExample(int[] Prompt, int[] Chosen, int[] Rejected)
{
    /// <summary>How much better the chosen answer is, on the scale of the data; 0 where the data does not say.</summary>
    internal double Margin { get; init; }
}

/// <summary>One answer to a prompt that is wanted, or not; no other answer need be there. Each [time]</summary>
internal sealed record LabelledExample(int[] Prompt, int[] Answer, bool Desirable);
