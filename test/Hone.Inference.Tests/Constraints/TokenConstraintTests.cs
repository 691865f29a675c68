using System.Text;
using Hone.Inference.Constraints;
using Hone.Text;

namespace Hone.Inference.Tests.Constraints;

public sealed class TokenConstraintTests
{
    private static readonly OutputConstraint s_person = OutputConstraint.JsonSchema(
        """{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}""");

    /// <summary>Every token one by one: its text behind the text so far, from the beginning.</summary>
    [Theory]
    [InlineData("llama3", "")]
    [InlineData("llama3", """{"name": "J""")]
    [InlineData("llama3", """{"name": "Zoë", "age": 4""")]
    [InlineData("llama3", """{"name": "x", "age": 41}""")]
    [InlineData("llama2", "")]
    [InlineData("llama2", """{"name": "J""")]
    [InlineData("llama2", """{"name":""")]
    [InlineData("llama2", """{"name": "Zoë 雪", "age": 41}""")]
    [InlineData("minueza-32m-chat", """{"na""")]
    [InlineData("minueza-32m-chat", "")]
    public void Allows_what_a_look_at_every_token_allows(string name, string begun)
    {
        string folder = SharedData.Require($"tokenizers/{name}");
        var tokenizer = Tokenizer.Load(folder);
        var vocabulary = new AnswerVocabulary(tokenizer, new StopRules([[tokenizer.EosId ?? 0]]), tokenizer.VocabularySize + 7);
        var answer = new ConstrainedAnswer(new TokenConstraint(s_person.Network, vocabulary));
        int[] ids = Spelled(tokenizer, begun);
        foreach (int id in ids)
        {
            Assert.True(answer.Allows(id));
            answer.Take(id);
        }
        ReadOnlySpan<ulong> allowed = answer.Allowed();
        var automaton = new Automaton(s_person.Network);
        int found = 0;
        for (int id = 0; id < vocabulary.Size; id++)
        {
            bool expected = id < tokenizer.VocabularySize && Follows(tokenizer, automaton, begun, ids, id, vocabulary);
            Assert.True(expected == ((allowed[id >> 6] >> id & 1) == 1), $"token {id}");
            Assert.Equal(expected, answer.Allows(id));
            found += expected ? 1 : 0;
        }
        Assert.InRange(found, 1, int.MaxValue);
    }

    /// <summary>The drawn tokens of a constrained sampler have the distribution that is left, made to sum to 1.</summary>
    [Fact]
    public void Draws_from_what_is_left_of_the_distribution()
    {
        using var folder = new TempFolder();
        TinyModelFolder.Write(folder.Path);
        var tokenizer = Tokenizer.Load(folder.Path);
        var vocabulary = new AnswerVocabulary(tokenizer, new StopRules([[TinyModelFolder.TurnEndId]]), tokenizer.VocabularySize);
        var constraint = new TokenConstraint(OutputConstraint.Regex("[a-j]{0,3}").Network, vocabulary);
        var random = new Random(3);
        float[] logits = [.. Enumerable.Range(0, vocabulary.Size).Select(_ => (float)(random.NextDouble() * 3))];
        int[] allowed = [.. "abcdefghij".Select(c => (int)c), TinyModelFolder.TurnEndId];
        double[] p = PlainSampler.Softmax([.. allowed.Select(id => (double)logits[id])]);
        var sampler = new LogitsSampler(vocabulary.Size);
        double[] counts = new double[allowed.Length];
        const int Draws = 50_000;
        for (int i = 0; i < Draws; i++)
        {
            SampledToken token = sampler.Next(logits, [], new SamplingOptions { DoSample = true }, Philox.Uniform(4, 0, i), 0,
                new ConstrainedAnswer(constraint));
            counts[Array.IndexOf(allowed, token.Id)]++;
        }
        ChiSquare.AssertFits(counts, p);
        int greedy = sampler.Next(logits, [], new SamplingOptions(), 0, 0, new ConstrainedAnswer(constraint)).Id;
        Assert.Equal(allowed[Array.IndexOf(p, p.Max())], greedy);
    }

    [Theory]
    [InlineData("(a|b)*a(a|b){30}")]
    [InlineData("((a|b)*a(a|b){200}){50}")]
    [InlineData("(((a{1000}){1000}){1000}){1000}")]
    [InlineData("((((a?){1000}){1000}){1000}){1000}")]
    [InlineData("(a*)*(b*)*(a|b|c|[a-z]|.*)*(.*.*.*.*.*.*)*x{99999}")]
    [InlineData("(.{0,1000}.{0,1000}){0,1000}")]
    public void A_hostile_pattern_is_followed_or_refused_within_bounds(string pattern) =>
        WithinBounds(() => OutputConstraint.Regex(pattern));

    [Theory]
    [InlineData("""{"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"type": "string"}]}""")]
    [InlineData("""{"type": "array", "items": {"$ref": "#"}, "minItems": 0, "maxItems": 10000}""")]
    [InlineData("""{"type": "string", "maxLength": 10000}""")]
    public void A_hostile_schema_is_followed_or_refused_within_bounds(string schema) =>
        WithinBounds(() => OutputConstraint.JsonSchema(schema));

    [Fact]
    public void A_schema_with_as_many_values_as_may_be_is_read_within_bounds()
    {
        string values = string.Join(", ", Enumerable.Range(0, 20_000).Select(i => $"\"v{i}\""));
        WithinBounds(() => OutputConstraint.JsonSchema($$"""{"enum": [{{values}}]}"""));
    }

    [Fact]
    public void A_schema_with_as_many_alternatives_as_may_be_is_read_within_bounds()
    {
        string one = string.Join(", ", Enumerable.Range(0, 8000).Select(i => $$"""{"const": {{i}}}"""));
        WithinBounds(() => OutputConstraint.JsonSchema($$"""{"oneOf": [{{one}}]}"""));
    }

    [Fact]
    public void A_schema_with_a_long_chain_of_references_is_read_within_bounds()
    {
        string defs = string.Join(", ", Enumerable.Range(0, 5000).Select(i => $$"""{{'"'}}d{{i}}": {"$ref": "#/$defs/d{{i + 1}}"}"""));
        WithinBounds(() => OutputConstraint.JsonSchema($$"""{"$defs": { {{defs}} }, "$ref": "#/$defs/d0"}"""));
    }

    [Fact]
    public void A_format_may_cost_so_much_at_once_and_so_much_more_with_every_call()
    {
        Network network = OutputConstraint.Regex("(.{0,1000}.{0,1000}){0,1000}").Network;
        var automaton = new Automaton(network);
        int calls = 0;
        InputException? refused = null;
        for (Automaton.State? at = automaton.Start; refused is null; calls++)
        {
            Assert.InRange(calls, 0, 1000);
            try
            {
                automaton.Begin();
                at = automaton.Next(at!, (byte)'a');
            }
            catch (InputException e)
            {
                refused = e;
            }
        }
        Assert.Contains("too costly", refused.Message, StringComparison.Ordinal);
        Assert.InRange(automaton.Steps, Automaton.MostSteps - 1000, Automaton.MostSteps + (calls * Automaton.StepsPerCall));
        long spent = automaton.Steps;
        Assert.Throws<InputException>(() => new Automaton(OutputConstraint.Regex("((((a?){1000}){1000}){1000}){1000}").Network));
        for (int i = 0; i < 100; i++) automaton.Begin(); // others wait, and the budget comes back
        automaton.Next(automaton.Start, 0xC3);
        Assert.InRange(automaton.Steps - spent, 1, Automaton.MostSteps);
    }

    /// <summary>
    /// The bound is one of work: 400,000 steps are a small part of a second. What a step costs is bounded, too: a place that is looked at,
    /// of a network whose size has a limit.
    /// </summary>
    private static void WithinBounds(Func<OutputConstraint> make)
    {
        const long MostSteps = 400_000;
        using var folder = new TempFolder();
        TinyModelFolder.Write(folder.Path);
        var tokenizer = Tokenizer.Load(folder.Path);
        var vocabulary = new AnswerVocabulary(tokenizer, new StopRules([[TinyModelFolder.TurnEndId]]), tokenizer.VocabularySize);
        long before = GC.GetAllocatedBytesForCurrentThread();
        TokenConstraint? constraint = null;
        try
        {
            constraint = new TokenConstraint(make().Network, vocabulary);
            var answer = new ConstrainedAnswer(constraint);
            for (int i = 0; i < 40; i++)
            {
                ReadOnlySpan<ulong> allowed = answer.Allowed();
                int id = allowed.IndexOfAnyExcept(0UL) * 64;
                while ((allowed[id >> 6] >> id & 1) == 0) id++;
                if (id == TinyModelFolder.TurnEndId) break;
                answer.Take(id);
            }
        }
        catch (InputException)
        {
        }
        Assert.InRange(constraint?.Steps ?? 0, 0, MostSteps);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L << 20);
    }

    /// <summary>Ids of a text as an answer, spelled as the model would: with the space that opens it dropped by the decoder.</summary>
    private static int[] Spelled(Tokenizer tokenizer, string text)
    {
        int[] ids = tokenizer.Encode(text);
        Assert.Equal(text, tokenizer.Decode(ids));
        return ids;
    }

    private static bool Follows(Tokenizer tokenizer, Automaton automaton, string begun, int[] before, int id, AnswerVocabulary vocabulary)
    {
        if (vocabulary.Stops.Contains(id)) return Walks.Follow(automaton, Encoding.UTF8.GetBytes(begun)) is { IsAccepting: true };
        if (tokenizer.SpecialIds.Contains(id)) return false;
        string text = tokenizer.Decode([.. before, id]);
        // Half a character: its bytes come from the vocabulary, as no text can show them.
        byte[] bytes = text.Contains('\uFFFD')
            ? [.. Encoding.UTF8.GetBytes(begun), .. vocabulary.BytesOf(id, before.Length == 0)] : Encoding.UTF8.GetBytes(text);
        return bytes.Length > Encoding.UTF8.GetByteCount(begun) && Walks.Follow(automaton, bytes) is not null;
    }
}
