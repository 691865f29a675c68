using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Hone.Text;

/// <summary>
/// What encoding one text may use. A tokenizer file is untrusted: rewriting must not blow a text up, searching must stay in proportion
/// to it, and patterns that backtrack share one limit of time per text.
/// </summary>
/// <param name="length">Characters of the text.</param>
internal sealed class TextBudget(long length)
{
    // NFKC makes 18 characters of one; nothing published makes more.
    private const long MostGrowth = 32, FreeGrowth = 1 << 16;
    private const long FreeSteps = 10_000_000, StepsPerCharacter = 16;
    private static readonly TimeSpan s_patternTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_patternTimePerCharacter = TimeSpan.FromTicks(4);
    private readonly TimeSpan _patternTime = s_patternTime + (s_patternTimePerCharacter * length);
    private long _patternTicks;
    private long _made;
    private long _steps;

    /// <summary>Pays for characters that a normalizer or pre-tokenizer is about to write.</summary>
    public void Make(long characters)
    {
        _made += characters;
        if (_made > (MostGrowth * length) + FreeGrowth)
        {
            throw new InputException(
                $"the tokenizer's rules blow a text of {length} characters up to more than {(MostGrowth * length) + FreeGrowth}",
                fix: "use a tokenizer.json from a source that you trust");
        }
    }

    /// <summary>Pays for looking at characters in search of added tokens.</summary>
    public void Step(long count)
    {
        _steps += count;
        if (_steps > (StepsPerCharacter * length) + FreeSteps)
        {
            throw new InputException(
                $"the tokenizer's added tokens share so many beginnings that a text of {length} characters takes too long",
                fix: "use a tokenizer.json from a source that you trust");
        }
    }

    /// <summary>Where a pattern matches, all of its time counted.</summary>
    public List<(int Index, int Length)> Matches(Regex pattern, ReadOnlySpan<char> text)
    {
        List<(int, int)> matches = [];
        long started = Stopwatch.GetTimestamp();
        try
        {
            foreach (ValueMatch match in pattern.EnumerateMatches(text))
            {
                matches.Add((match.Index, match.Length));
                if ((matches.Count & 0xFF) == 0) Check(Stopwatch.GetTimestamp() - started);
            }
        }
        catch (RegexMatchTimeoutException timeout)
        {
            throw TooSlow(timeout);
        }
        _patternTicks += Stopwatch.GetTimestamp() - started;
        Check(0);
        return matches;
    }

    private void Check(long more)
    {
        if (Stopwatch.GetElapsedTime(0, _patternTicks + more) > _patternTime) throw TooSlow(null);
    }

    private InputException TooSlow(Exception? inner) => new(
        $"the patterns of the tokenizer take longer than {_patternTime.TotalSeconds:0.0} s on a text of {length} characters",
        fix: "a pattern backtracks; use a tokenizer.json from a source that you trust",
        inner: inner);
}
