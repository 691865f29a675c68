namespace Hone.Inference;

/// <summary>What an engine keeps while nothing is asked of it.</summary>
public enum KeptBetween
{
    /// <summary>Nothing: its memory is free, and the model's weights, which it reads anew for the next request, may change.</summary>
    Nothing,

    /// <summary>The weights as it holds them, which must not change: for many calls one after the other.</summary>
    Weights,

    /// <summary>
    /// Also what it has computed, for requests that begin in the same way, such as a chat's next turn.
    /// </summary>
    Prefixes,
}
