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
    private readonly AddedTokenFinder _control;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _beginnings;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _ends;
    private readonly int _longest;

    public ControlTextGuard(AddedTokenFinder control)
    {
        _control = control;
        HashSet<string> beginnings = new(StringComparer.Ordinal), ends = new(StringComparer.Ordinal);
        foreach (string name in control.Texts)
        {
            for (int cut = 1; cut < name.Length; cut++)
            {
                beginnings.Add(name[..cut]);
                ends.Add(name[cut..]);
            }
            _longest = Math.Max(_longest, name.Length - 1);
        }
        _beginnings = beginnings.GetAlternateLookup<ReadOnlySpan<char>>();
        _ends = ends.GetAlternateLookup<ReadOnlySpan<char>>();
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
    public object? Protect(object? value, char mark)
    {
        Budget.EnsureStack();
        return value switch
        {
            string text => Protect(text, mark),
            JsonElement json => Protect(TemplateData.Plain(json), mark),
            IReadOnlyDictionary<string, object?> map => map.ToDictionary(p => IsName(p.Key) && _control.IndexOf(p.Key, 0) < 0 ? p.Key : Protect(p.Key, mark), p => Protect(p.Value, mark), StringComparer.Ordinal),
            IEnumerable<object?> list => list.Select(item => Protect(item, mark)).ToList(),
            _ => value,
        };
    }

    private static bool IsName(string key) => key.All(c => char.IsLetterOrDigit(c) || c is '_' or '-');

    public string Protect(string text, char mark)
    {
        SortedSet<int> places = [];
        for (int at = 0; (at = _control.IndexOf(text, at)) >= 0; at++) places.Add(at + 1);
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
        for (int length = 1; length <= Math.Min(_longest, end - start); length++)
        {
            if (_beginnings.Contains(text.AsSpan(end - length, length))) places.Add(end - length + 1);
            if (_ends.Contains(text.AsSpan(start, length))) places.Add(start + length - 1);
        }
    }
}
