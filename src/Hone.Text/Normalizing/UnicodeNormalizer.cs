using System.Text;

namespace Hone.Text.Normalizing;

/// <summary>A normalization form of Unicode Standard Annex #15.</summary>
internal enum UnicodeForm
{
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}

/// <summary>A character of a rewritten text, and what it did to the text before.</summary>
/// <param name="Point">The code point.</param>
/// <param name="Change">0: it stands in place of a character; 1: it was inserted after one; -n: it also stands in place of the n
/// that followed.</param>
internal readonly record struct Rewritten(int Point, int Change);

/// <summary>NFC, NFD, NFKC and NFKD (Unicode Standard Annex #15).</summary>
internal sealed record UnicodeNormalizer(UnicodeForm Form) : Normalizer
{
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int VowelCount = 21, TailCount = 28, LeadCount = 19, SyllableCount = LeadCount * VowelCount * TailCount;

    private bool Composes => Form is UnicodeForm.Nfc or UnicodeForm.Nfkc;

    private bool IsCompatibility => Form is UnicodeForm.Nfkc or UnicodeForm.Nfkd;

    public override string Apply(string text, TextBudget budget)
    {
        // Below these no character decomposes or combines.
        char first = Form switch { UnicodeForm.Nfc => '\u0300', UnicodeForm.Nfd => '\u00C0', _ => '\u00A0' };
        if (text.AsSpan().IndexOfAnyInRange(first, '\uFFFF') < 0) return text;
        List<Rewritten> points = Rewrite(text);
        budget.Make(points.Count);
        StringBuilder result = new(points.Count + 8);
        foreach ((int point, _) in points)
        {
            if (point < 0x10000) result.Append((char)point);
            else result.Append(char.ConvertFromUtf32(point));
        }
        return result.ToString();
    }

    /// <summary>The normalized text, with what each of its characters came from.</summary>
    public List<Rewritten> Rewrite(string text)
    {
        List<Rewritten> points = new(text.Length + 8);
        foreach (Rune rune in text.EnumerateRunes())
        {
            int first = points.Count;
            Decompose(rune.Value, points);
            for (int i = first + 1; i < points.Count; i++) points[i] = points[i] with { Change = 1 };
        }
        Reorder(points);
        if (Composes) Compose(points);
        return points;
    }

    private void Decompose(int point, List<Rewritten> points)
    {
        int syllable = point - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            points.Add(new(LeadBase + (syllable / (VowelCount * TailCount)), 0));
            points.Add(new(VowelBase + (syllable % (VowelCount * TailCount) / TailCount), 0));
            if (syllable % TailCount != 0) points.Add(new(TailBase + (syllable % TailCount), 0));
        }
        else if (UnicodeTables.Shared.TryDecompose(point, IsCompatibility, out int[] parts))
        {
            foreach (int part in parts) Decompose(part, points);
        }
        else points.Add(new(point, 0));
    }

    // Canonical ordering: marks between two starters are sorted by class, stably.
    private static void Reorder(List<Rewritten> points)
    {
        UnicodeTables tables = UnicodeTables.Shared;
        for (int start = 0; start < points.Count; start++)
        {
            if (tables.ClassOf(points[start].Point) == 0) continue;
            int end = start + 1;
            while (end < points.Count && tables.ClassOf(points[end].Point) != 0) end++;
            if (end - start > 1)
            {
                Rewritten[] marks = [.. points.GetRange(start, end - start).OrderBy(m => tables.ClassOf(m.Point))];
                for (int i = 0; i < marks.Length; i++) points[start + i] = marks[i];
            }
            start = end;
        }
    }

    private static void Compose(List<Rewritten> points)
    {
        UnicodeTables tables = UnicodeTables.Shared;
        int starter = -1, kept = 0, lastClass = -1;
        for (int i = 0; i < points.Count; i++)
        {
            (int point, int change) = points[i];
            int own = tables.ClassOf(point);
            bool blocked = lastClass >= own && lastClass != -1;
            if (starter >= 0 && !blocked && TryCompose(tables, points[starter].Point, point, out int composite))
            {
                points[starter] = new(composite, points[starter].Change + change - 1);
                continue;
            }
            if (own == 0)
            {
                starter = kept;
                lastClass = -1;
            }
            else lastClass = own;
            points[kept++] = points[i];
        }
        points.RemoveRange(kept, points.Count - kept);
    }

    private static bool TryCompose(UnicodeTables tables, int first, int second, out int composite)
    {
        int lead = first - LeadBase, vowel = second - VowelBase, syllable = first - SyllableBase, tail = second - TailBase;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
        {
            composite = SyllableBase + (((lead * VowelCount) + vowel) * TailCount);
            return true;
        }
        if (syllable is >= 0 and < SyllableCount && syllable % TailCount == 0 && tail is > 0 and < TailCount)
        {
            composite = first + tail;
            return true;
        }
        return tables.TryCompose(first, second, out composite);
    }
}
