namespace Hone.Data;

/// <summary>A sequence to be learnt.</summary>
/// <param name="Ids">Token ids. [time]</param>
/// <param name="LossMask">Whether each token is learnt (predicted from those before it). [time]</param>
public sealed record SftExample(int[] Ids, bool[] LossMask);

/// <summary>A preference pair in tokens; the answers include their end-of-turn token. Each [time]</summary>
public sealed record PreferenceExample(int[] Prompt, int[] Chosen, int[] Rejected);
