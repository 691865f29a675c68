using System.Text;
using System.Text.Json;
using Hone.Text.AddedTokens;
using Hone.Text.Jinja;

namespace Hone.Text.Chat;

/// <summary>
/// Keeps what users typed apart from what a template writes. Before rendering, a mark (a Unicode noncharacter that occurs nowhere in the
/// conversation) is put inside every name of a control token in the messages, so that it cannot match; after rendering the marks are
/// taken out of the plain text. A message that begins or ends with part of a name is marked too: put side by side with other text it
/// could complete one. Marks never touch white space, so templates trim, search and split as before.
/// </summary>
internal sealed class ControlTextGuard
{
    private const char FirstNoncharacter = '\uFDD0', LastNoncharacter = '\uFDEF';
    private const ulong Base = 0x9E3779B97F4A7C15;
    private readonly AddedTokenFinder _control;
    // Hashes of all proper beginnings and ends of the names, with their lengths. Two texts of one hash only mean a needless mark.
    private readonly HashSet<(ulong Hash, int Length)> _beginnings = [];
    private readonly HashSet<(ulong Hash, int Length)> _ends = [];
    private readonly int _longest;

    public ControlTextGuard(AddedTokenFinder control)
    {
        _control = control;
        foreach (string name in control.Texts)
        {
            ulong beginning = 0, end = 0, power = 1;
            for (int length = 1; length < name.Length; length++)
            {
                beginning = Append(beginning, name[length - 1]);
                end = Prepend(name[^length], power, end);
                power *= Base;
                _beginnings.Add((beginning, length));
                _ends.Add((end, length));
            }
            _longest = Math.Max(_longest, name.Length - 1);
        }
    }

    /// <summary>A mark that occurs in none of the texts.</summary>
    public static char ChooseMark(IEnumerable<string> texts)
    {
        HashSet<char> taken = [];
        foreach (string text in texts)
        {
            foreach (char c in text)
            {
                if (c is >= FirstNoncharacter and <= LastNoncharacter) taken.Add(c);
            }
        }
        for (char mark = FirstNoncharacter; mark <= LastNoncharacter; mark++)
        {
            if (!taken.Contains(mark)) return mark;
        }
        throw new InputException("the conversation holds all 32 Unicode noncharacters from U+FDD0", fix: "remove them: they are not text");
    }

    /// <summary>
    /// Plain data with every text in it protected. Templates look keys up by name, so a key of letters, digits, '_' and '-' is
    /// marked only where it holds a whole control token.
    /// </summary>
    public object? Protect(object? value, char mark, TextBudget budget)
    {
        Budget.EnsureStack();
        return value switch
        {
            string text => Protect(text, mark, budget),
            JsonElement json => Protect(TemplateData.Plain(json), mark, budget),
            IReadOnlyDictionary<string, object?> map =>
                map.ToDictionary(p => ProtectKey(p.Key, mark, budget), p => Protect(p.Value, mark, budget), StringComparer.Ordinal),
            IEnumerable<object?> list => list.Select(item => Protect(item, mark, budget)).ToList(),
            _ => value,
        };
    }

    private string ProtectKey(string key, char mark, TextBudget budget) =>
        IsName(key) && _control.IndexOf(key, 0, budget) < 0 ? key : Protect(key, mark, budget);

    private static bool IsName(string key) => key.All(c => char.IsLetterOrDigit(c) || c is '_' or '-');

    public string Protect(string text, char mark, TextBudget budget)
    {
        SortedSet<int> places = [];
        for (int at = 0; (at = _control.IndexOf(text, at, budget)) >= 0; at++) places.Add(at + 1);
        AddEdges(text, places);
        if (places.Count == 0) return text;
        StringBuilder marked = new(text.Length + places.Count);
        int done = 0;
        foreach (int place in places)
        {
            marked.Append(text, done, place - done).Append(mark);
            done = place;
        }
        return marked.Append(text, done, text.Length - done).ToString();
    }

    private void AddEdges(string text, SortedSet<int> places)
    {
        int end = text.AsSpan().TrimEnd().Length;
        int start = text.Length - text.AsSpan().TrimStart().Length;
        ulong tail = 0, head = 0, power = 1;
        for (int length = 1; length <= Math.Min(_longest, end - start); length++)
        {
            tail = Prepend(text[end - length], power, tail);
            head = Append(head, text[start + length - 1]);
            power *= Base;
            if (_beginnings.Contains((tail, length))) places.Add(end - length + 1);
            if (_ends.Contains((head, length))) places.Add(start + length - 1);
        }
    }

    private static ulong Append(ulong hash, char c) => unchecked((hash * Base) + c + 1UL);

    private static ulong Prepend(char c, ulong power, ulong hash) => unchecked(((c + 1UL) * power) + hash);
}
