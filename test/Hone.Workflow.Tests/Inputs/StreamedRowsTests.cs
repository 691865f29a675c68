using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.Inputs;

public sealed class StreamedRowsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ModelText _text;

    public StreamedRowsTests()
    {
        WorldTokenizer.Write(_folder.File("model"));
        _text = ModelText.Load(_folder.File("model"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "")]
    [InlineData("weights: {preferences: [0.5, 2.5]}, ", "")]
    [InlineData("weights: {preferences: [1, 0.1]}, ", "limits: {preferences: 17}, ")]
    public void Two_readings_give_what_rows_in_memory_give(string weights, string limits)
    {
        string a = Write("a.jsonl", 60, i => i % 25), b = Write("b.jsonl", 40, i => 100 + (i % 30));
        Recipe recipe = ResolvedRecipe
            .Parse($"data: {{preferences: [{a}, {b}], {weights}{limits}held_out: {{reward: 9}}}}", "recipe").Value;
        LengthRule rule = TrainingRows.RewardLengths(recipe, _text);
        List<string> report = [];
        (IReadOnlyList<PreferenceExample> train, IReadOnlyList<PreferenceExample> heldOut) = FileInputs
            .Preferences(recipe, _text, rule, report);

        // Plain: all rows in a list, weighed, grouped by prompt, dealt, tokenised.
        IReadOnlyList<double> w = recipe.Data.Weights.Preferences;
        Preference[] rows = [.. new[] { a, b }.SelectMany((file, i) => Mixture.Weigh(
            [.. DataReader.ReadPreferences(file, new DataReport(file))], w.Count > 0 ? w[i] : 1,
            Seeds.Derive((ulong)recipe.Seed, $"weight preferences {i}")))];
        PromptSplit<Preference> split = PromptSplit
            .Split(rows, r => r.Prompt, Seeds.Derive((ulong)recipe.Seed, "preference rows"), ("x", 9));
        Assert.Equal(split.Rest.Take(recipe.Data.Limits.Preferences ?? int.MaxValue).Select(Line), train.Select(Line));
        Assert.Equal(split["x"].Select(Line), heldOut.Select(Line));
        Assert.Equal(weights.Length > 0 ? 5 : 3, report.Count);
        Assert.Contains($"{a}: 60 rows, 60 kept, 0 dropped", report[0], StringComparison.Ordinal);

        string Line(object row) =>
            string.Join(' ', (row as PreferenceExample ?? _text.Examples.Preference((Preference)row)) is var e
                ? [.. e.Prompt, .. e.Chosen, -1, .. e.Rejected]
                : []);
    }

    [Fact]
    public void A_file_that_changes_between_the_readings_is_refused()
    {
        string file = Write("a.jsonl", 10, i => i);
        StreamedRows<Preference> rows = new(new Recipe(), [file], [], "preferences", TrainingRows.ReadPreferences, r => r.Prompt);
        Assert.Equal(10, rows.Index([]).Count);
        Write("a.jsonl", 10, i => i == 7 ? 99 : i);
        Assert.Equal(7, rows.Read(Enumerable.Range(0, 7)).Count());
        Assert.Contains("changed while it was read", Assert.Throws<InputException>(() => rows.Read([7]).Count()).Message,
            StringComparison.Ordinal);
        Write("a.jsonl", 5, i => i);
        Assert.Contains("changed while it was read", Assert.Throws<InputException>(() => rows.Read([9]).Count()).Message,
            StringComparison.Ordinal);
    }

    private string Write(string name, int count, Func<int, int> prompt)
    {
        File.WriteAllLines(_folder.File(name),
            Enumerable.Range(0, count)
            .Select(i => $$"""{"prompt": "question {{prompt(i)}}", "chosen": "yes {{i}}", "rejected": "no {{i}}"}"""));
        return _folder.File(name);
    }
}
