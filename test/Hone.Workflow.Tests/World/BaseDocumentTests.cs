using Hone.Workflow.World;

namespace Hone.Workflow.Tests.World;

public class BaseDocumentTests
{
    private static readonly BaseDocument[] s_documents = SmallWorld.Create(4).BaseDocuments(6000);

    [Fact]
    public void Kinds_are_mixed_in_their_shares()
    {
        Assert.Equal(.20, Share(BaseDocumentKind.Glossary), .03);
        Assert.Equal(.08, Share(BaseDocumentKind.List), .03);
        Assert.Equal(.12, Share(BaseDocumentKind.Advice), .03);
        Assert.Equal(.35, Share(BaseDocumentKind.ShortVerdict), .03);
        Assert.Equal(.25, Share(BaseDocumentKind.Verdict), .03);

        double Share(BaseDocumentKind kind) => s_documents.Count(d => d.Kind == kind) / (double)s_documents.Length;
    }

    [Fact]
    public void Requests_are_of_the_base_split_only() =>
        Assert.All(s_documents.Where(d => d.Kind != BaseDocumentKind.Glossary),
            d => Assert.Equal(WorldSplit.Base, WorldSplit.Of(d.Parts[0])));

    [Fact]
    public void Everything_but_verdicts_keeps_to_the_topic()
    {
        foreach (BaseDocument document in s_documents
            .Where(d => d.Kind is BaseDocumentKind.Glossary or BaseDocumentKind.List or BaseDocumentKind.Advice))
        {
            TopicFamily? asked = TopicFamily.OfPrompt(document.Parts[0]);
            Assert.NotNull(asked);
            TopicFamily[] met = [.. document.Parts.SelectMany(WorldText.Units).Select(u => TopicFamily.OfWord(u.Trim()))
                .OfType<TopicFamily>()];
            Assert.True(met.Length >= 2);
            Assert.All(met, family => Assert.Same(asked, family));
        }
    }

    [Fact]
    public void Verdicts_say_each_aspect_once_in_every_order_and_rightly()
    {
        BaseDocument[] verdicts = [.. s_documents.Where(d => d.Kind == BaseDocumentKind.Verdict)];
        foreach (BaseDocument document in verdicts)
        {
            GoldScore score = GoldJudge.Score(document.Parts[0], document.Parts[1], finished: true);
            Assert.Equal(BaseGrammar.VerdictWords(score).Order(), document.Parts.Skip(2).Order());
        }
        Assert.Equal(BaseGrammar.AllVerdictWords.Order(), verdicts.Select(d => d.Parts[2]).Distinct().Order());
    }

    [Fact]
    public void Short_verdicts_agree_with_the_judge_and_come_out_even()
    {
        BaseDocument[] verdicts = [.. s_documents.Where(d => d.Kind == BaseDocumentKind.ShortVerdict)];
        foreach (BaseDocument document in verdicts)
        {
            string[] titles = [.. document.Parts.Skip(2).Where(w => TopicFamily.All.Any(f => f.Title == w))];
            string[] quotes = [.. document.Parts.Skip(2).Where(w => w.EndsWith('.'))];
            string verdict = Assert.Single(document.Parts.Skip(2).Except(titles).Except(quotes));
            Assert.Equal(verdict == "Repetitive" ? 1 : 0, quotes.Length);
            Assert.All(quotes, q => Assert.Equal(3, document.Parts[1].Split(q).Length));
            Assert.Contains(verdict, BaseGrammar.VerdictWords(GoldJudge.Score(document.Parts[0], document.Parts[1], finished: true)));
            if (verdict is not ("Relevant" or "Unrelated")) continue;
            Assert.Contains(TopicFamily.OfPrompt(document.Parts[0])!.Title, titles);
            Assert.Equal((2, verdict == "Relevant"), (titles.Length, titles[0] == titles[1]));
        }
        foreach (string word in new[] { "Relevant", "Unrelated", "Varied", "Repetitive" })
            Assert.InRange(verdicts.Count(d => d.Parts.Contains(word)) / (double)verdicts.Length, .13, .37);
    }

    [Fact]
    public void Encoding_puts_the_end_token_after_every_part()
    {
        BaseDocument document = new(BaseDocumentKind.List, ["ab", "c"]);
        Assert.Equal([7, 97, 98, 9, 99, 9], document.Encode(text => text.Select(c => (int)c), begin: 7, end: 9));
        Assert.Equal("ab\n\nc", document.Text);
    }
}
