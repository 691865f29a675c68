namespace Hone.Inference;

/// <summary>
/// Guesses how a text goes on: as it did where its last tokens stood before (prompt lookup decoding, Saxena 2023; arXiv 2304.04487).
/// A guess is only a proposal: each token is sampled from the model's own logits, and what was not guessed right is computed again.
/// </summary>
internal sealed class PromptLookup
{
    /// <summary>Most tokens of a guess.</summary>
    public const int Longest = 7;

    private const int LongestMatch = 4, ShortestMatch = 2;

    // Below this share of right guesses a short one is tried now and then only: a pass with guesses costs more than one without.
    private const double TooFew = 0.25;
    private const int Pause = 24;
    private double _right = 0.5;

    /// <summary>Writes the guess for what follows the tokens; returns its length, 0 for none.</summary>
    /// <param name="most">Most tokens that may follow.</param>
    public int Guess(ReadOnlySpan<int> tokens, Span<int> guess, int most)
    {
        int size = _right >= 0.75 ? Longest : _right >= 0.5 ? 4 : _right >= TooFew || tokens.Length % Pause == 0 ? 2 : 0;
        size = Math.Min(size, most);
        for (int match = LongestMatch; size > 0 && match >= ShortestMatch; match--)
        {
            if (tokens.Length <= match) continue;
            int at = tokens[..^1].LastIndexOf(tokens[^match..]);
            if (at < 0) continue;
            // Where the text runs into its own end it goes on in the same circle.
            for (int i = 0, from = at + match; i < size; i++, from++)
                guess[i] = from < tokens.Length ? tokens[from] : guess[from - tokens.Length];
            return size;
        }
        return 0;
    }

    /// <summary>Learns from a guess: how many of its first tokens were right.</summary>
    public void Tell(int right, int guessed) => _right = (0.8 * _right) + (0.2 * right / guessed);
}
