using System.Text;

namespace Hone.Text.TokenizerFile;

/// <summary>
/// Split patterns are written for Oniguruma. .NET reads most of them alike; what it does not know (possessive quantifiers) is
/// spelled anew, what it would silently read otherwise (sets within sets) is refused.
/// </summary>
internal static class OnigurumaPattern
{
    /// <exception cref="InputException">The pattern holds a set within a set, or an intersection of sets.</exception>
    public static string ToDotNet(string pattern, string where)
    {
        StringBuilder result = new(pattern.Length);
        Stack<int> groups = new();
        int atom = 0;
        for (int at = 0; at < pattern.Length;)
        {
            int end = at;
            switch (pattern[at])
            {
                case '\\':
                    end = EndOfEscape(pattern, at);
                    atom = result.Length;
                    break;
                case '[':
                    end = EndOfSet(pattern, at, where);
                    atom = result.Length;
                    break;
                case '(':
                    groups.Push(result.Length);
                    end = at + 1;
                    break;
                case ')':
                    atom = groups.TryPop(out int open) ? open : result.Length;
                    end = at + 1;
                    break;
                case '?' or '*' or '+' when Possessive(pattern, at):
                    result.Insert(atom, "(?>").Append(pattern[at]).Append(')');
                    at += 2;
                    continue;
                // Not possessive in Oniguruma, but repeated again.
                case '{' when pattern.IndexOf('}', at) is >= 0 and int close && Possessive(pattern, close):
                    result.Insert(atom, "(?:").Append(pattern, at, close + 1 - at).Append(")+");
                    at = close + 2;
                    continue;
                case '?' or '*' or '+' or '{' or '|':
                    end = at + 1;
                    break;
                default:
                    atom = result.Length;
                    end = at + 1;
                    break;
            }
            result.Append(pattern, at, end - at);
            at = end;
        }
        return result.ToString();
    }

    private static bool Possessive(string pattern, int at) =>
        at > 0 && at + 1 < pattern.Length && pattern[at + 1] == '+' && pattern[at - 1] != '(';

    private static int EndOfEscape(string pattern, int at)
    {
        bool property = at + 2 < pattern.Length && pattern[at + 1] is 'p' or 'P' && pattern[at + 2] == '{';
        int close = property ? pattern.IndexOf('}', at) : -1;
        return close >= 0 ? close + 1 : Math.Min(at + 2, pattern.Length);
    }

    private static int EndOfSet(string pattern, int start, string where)
    {
        int at = start + 1;
        if (at < pattern.Length && pattern[at] == '^') at++;
        // A bracket that comes first stands for itself.
        if (at < pattern.Length && pattern[at] == ']') at++;
        for (; at < pattern.Length && pattern[at] != ']'; at++)
        {
            if (pattern[at] == '\\') at++;
            else if (pattern[at] == '[' || (pattern[at] == '&' && at + 1 < pattern.Length && pattern[at + 1] == '&'))
            {
                throw new InputException($"the regex {pattern} has a set within a set, which is not supported", where);
            }
        }
        return Math.Min(at + 1, pattern.Length);
    }
}
