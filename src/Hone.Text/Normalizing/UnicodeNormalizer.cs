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

/// <summary>NFC, NFD, NFKC and NFKD (Unicode Standard Annex #15).</summary>
internal sealed record UnicodeNormalizer(UnicodeForm Form) : Normalizer
{
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int VowelCount = 21, TailCount = 28, LeadCount = 19, SyllableCount = LeadCount * VowelCount * TailCount;

    private bool Composes => Form is UnicodeForm.Nfc or UnicodeForm.Nfkc;

    private bool IsCompatibility => Form is UnicodeForm.Nfkc or UnicodeForm.Nfkd;

    public override string Apply(string text)
    {
        // Below these no character decomposes or combines.
        char first = Form switch { UnicodeForm.Nfc => '\u0300', UnicodeForm.Nfd => '\u00C0', _ => '\u00A0' };
        if (text.AsSpan().IndexOfAnyInRange(first, '\uFFFF') < 0) return text;
        List<int> points = new(text.Length + 8);
        foreach (Rune rune in text.EnumerateRunes()) Decompose(rune.Value, points);
        Reorder(points);
        if (Composes) Compose(points);
        StringBuilder result = new(points.Count + 8);
        foreach (int point in points)
        {
            if (point < 0x10000) result.Append((char)point);
            else result.Append(char.ConvertFromUtf32(point));
        }
        return result.ToString();
    }

    private void Decompose(int point, List<int> points)
    {
        int syllable = point - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            points.Add(LeadBase + (syllable / (VowelCount * TailCount)));
            points.Add(VowelBase + (syllable % (VowelCount * TailCount) / TailCount));
            if (syllable % TailCount != 0) points.Add(TailBase + (syllable % TailCount));
        }
        else if (UnicodeTables.Shared.TryDecompose(point, IsCompatibility, out int[] parts))
        {
            foreach (int part in parts) Decompose(part, points);
        }
        else points.Add(point);
    }

    // Canonical ordering: marks between two starters are sorted by class, stably.
    private static void Reorder(List<int> points)
    {
        UnicodeTables tables = UnicodeTables.Shared;
        for (int start = 0; start < points.Count; start++)
        {
            if (tables.ClassOf(points[start]) == 0) continue;
            int end = start + 1;
            while (end < points.Count && tables.ClassOf(points[end]) != 0) end++;
            if (end - start > 1)
            {
                int[] marks = [.. points.GetRange(start, end - start).OrderBy(tables.ClassOf)];
                for (int i = 0; i < marks.Length; i++) points[start + i] = marks[i];
            }
            start = end;
        }
    }

    private static void Compose(List<int> points)
    {
        UnicodeTables tables = UnicodeTables.Shared;
        int starter = -1, kept = 0, lastClass = -1;
        for (int i = 0; i < points.Count; i++)
        {
            int point = points[i], own = tables.ClassOf(point);
            bool blocked = lastClass >= own && lastClass != -1;
            if (starter >= 0 && !blocked && TryCompose(tables, points[starter], point, out int composite))
            {
                points[starter] = composite;
                continue;
            }
            if (own == 0)
            {
                starter = kept;
                lastClass = -1;
            }
            else lastClass = own;
            points[kept++] = point;
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
