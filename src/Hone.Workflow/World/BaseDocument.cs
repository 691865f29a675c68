namespace Hone.Workflow.World;

internal enum BaseDocumentKind
{
    /// <summary>Things of one topic and the words by which people ask for it.</summary>
    Glossary,

    /// <summary>A request and a list of things of its topic.</summary>
    List,

    /// <summary>A request and one to three sentences of advice.</summary>
    Advice,

    /// <summary>A request, a short answer, and a reader's word on its topic or on whether it repeats itself.</summary>
    ShortVerdict,

    /// <summary>A request, an answer of any quality, and a reader's one-word judgements of it.</summary>
    Verdict,
}

/// <summary>
/// Text for the base model. The parts follow one another; the end token stands after each of them, so that what is said
/// of an answer is predicted at the very token where a reward model reads its score.
/// </summary>
internal sealed record BaseDocument(BaseDocumentKind Kind, IReadOnlyList<string> Parts)
{
    /// <summary>As a person reads it.</summary>
    public string Text => string.Join("\n\n", Parts);

    /// <summary>Token ids: begin, then every part with the end token after it.</summary>
    public int[] Encode(Func<string, IEnumerable<int>> encode, int begin, int end) =>
        [begin, .. Parts.SelectMany(part => encode(part).Append(end))];
}
