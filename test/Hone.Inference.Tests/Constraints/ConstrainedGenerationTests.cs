using System.Text.Json;
using Json.Schema;

namespace Hone.Inference.Tests.Constraints;

public sealed class ConstrainedGenerationTests : IDisposable
{
    private const string Schema = """
        {"type": "object", "properties": {"name": {"type": "string", "maxLength": 8},
         "tags": {"type": "array", "items": {"enum": ["a", "bc"]},
         "maxItems": 3}, "size": {"type": "integer", "minimum": 3, "maximum": 40}}, "required": ["name", "size"]}
        """;

    private readonly TempFolder _folder = new();
    private readonly LanguageModel _model;

    public ConstrainedGenerationTests()
    {
        TinyModelFolder.Write(_folder.Path);
        _model = LanguageModel.FromPretrained(_folder.Path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Answers_are_of_the_format_and_end_where_it_ends(bool samples)
    {
        SamplingOptions options = new()
        {
            DoSample = samples, Temperature = 1.5, MaxNewTokens = 200, Constraint = OutputConstraint.JsonSchema(Schema),
        };
        JsonSchema validator = JsonSchema.FromText(Schema);
        GenerationRequest[] requests = [.. Enumerable.Range(0, samples ? 10 : 1).Select(i =>
            new GenerationRequest([TinyModelFolder.BeginId, 65 + i], options with { Seed = (ulong)i }, samples ? 4 : 1))];
        IReadOnlyList<Completion> answers = _model.Engine.Generate(requests);
        Assert.All(answers, answer =>
        {
            Assert.Equal(FinishReasons.Stop, answer.FinishReason);
            Assert.True(_model.Stops.IsStop(answer.Ids[^1]));
            string text = _model.Decode(answer.Ids.AsSpan(0, answer.Ids.Length - 1));
            using JsonDocument document = JsonDocument.Parse(text);
            Assert.True(validator.Evaluate(document.RootElement).IsValid, text);
        });
        // Each answer is what it is alone.
        Assert.Equal(answers[^1].Ids, _model.Engine.Generate([requests[^1]])[^1].Ids);
    }

    [Fact]
    public void A_format_that_is_cut_off_by_the_length_is_a_beginning()
    {
        OutputConstraint format = OutputConstraint.Regex("(ab){20}c");
        Completion answer = _model.Generate([TinyModelFolder.BeginId], new() { MaxNewTokens = 7, Constraint = format });
        Assert.Equal("abababa", _model.Decode(answer.Ids));
        Assert.Equal(FinishReasons.Length, answer.FinishReason);
    }

    [Fact]
    public void One_of_some_texts_is_chosen()
    {
        SamplingOptions options = new()
        {
            DoSample = true, MaxNewTokens = 20, Constraint = OutputConstraint.Choice(["yes", "no", "yes, but"]),
        };
        string[] found = [.. _model.Engine.Generate([new([TinyModelFolder.BeginId], options, 60)])
            .Select(a => _model.Decode(a.Ids.AsSpan(0, a.Ids.Length - 1)))];
        Assert.Equal(["no", "yes", "yes, but"], found.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_format_with_a_penalty_and_a_bias_keeps_both()
    {
        SamplingOptions options = new()
        {
            MaxNewTokens = 6, Constraint = OutputConstraint.Regex("[xyz]{5}"), LogitBias = new Dictionary<int, double> { ['y'] = 100 },
        };
        Assert.Equal("yyyyy", _model.Decode(_model.Generate([TinyModelFolder.BeginId], options).Ids));
        string varied = _model.Decode(_model.Generate([TinyModelFolder.BeginId], options with
        {
            FrequencyPenalty = 2,
            LogitBias =
            new Dictionary<int, double> { ['y'] = 100, ['x'] = 99.5, ['z'] = 99 }
        }).Ids);
        Assert.Equal("yxzyxz".ToHashSet(), varied.ToHashSet());
    }

    [Fact]
    public void Without_a_tokenizer_a_format_is_refused()
    {
        using Models.Transformer model = TestModels.Random();
        using Scheduler scheduler = Scheduler.OnLibtorch(model, new StopRules());
        GenerationRequest request = new([1], new() { Constraint = OutputConstraint.JsonObject });
        Assert.Contains("tokenizer", Assert.Throws<InputException>(() => scheduler.Generate([request])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_format_that_gets_too_costly_fails_its_request_and_no_other()
    {
        GenerationRequest hostile = new([TinyModelFolder.BeginId], new()
        {
            MaxNewTokens = 100, Constraint = OutputConstraint.Regex("(.{0,1000}.{0,1000}){0,1000}"),
        }), good = new([TinyModelFolder.BeginId, 66], new() { MaxNewTokens = 40, Constraint = OutputConstraint.Regex("a{40}") });
        GenerationStream bad = _model.Engine.Submit([hostile]), other = _model.Engine.Submit([good]);
        await Assert.ThrowsAsync<InputException>(() => bad.Completions);
        Assert.Equal(new string('a', 40), _model.Decode((await other.Completions)[0].Ids));
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }
}
