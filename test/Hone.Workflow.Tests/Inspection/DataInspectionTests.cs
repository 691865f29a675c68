using Hone.Inference;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Workflow.Inspection;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.Inspection;

public sealed class DataInspectionTests : IDisposable
{
    private const int Count = 40;
    private readonly TempFolder _folder = new();
    private readonly ModelText _text;

    public DataInspectionTests()
    {
        WorldTokenizer.Write(_folder.File("model"));
        _text = ModelText.Load(_folder.File("model"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("assistant")]
    [InlineData("all")]
    public void Sft_rows_are_shown_with_the_ids_and_the_mask_that_training_gets(string lossOn)
    {
        string file = Conversations();
        Recipe recipe = Parse($"data: {{sft: {file}, held_out: {{sft: 0}}}}\nsft: {{max_length: 90, loss_on: {lossOn}}}");
        List<string> report = [];
        IReadOnlyList<SftExample> train = FileInputs.Sft(recipe, _text, report).Train;
        DataInspection seen = Inspect(file, RowKind.Sft, recipe);
        Assert.Equal(Count, seen.Rows.Count);
        ShownRow[] kept = [.. seen.Rows.Where(r => r.Fate == "kept")];
        Assert.InRange(kept.Length, 1, Count - 1); // some are too long
        Assert.Equal(train.Select(e => Line(e.Ids, e.LossMask)).Order(StringComparer.Ordinal),
            kept.Select(r => Line(r.Sequences[0])).Order(StringComparer.Ordinal));
        Assert.Contains(seen.Stages[0].Report.ToString().Replace("sft: ", "sft examples: ", StringComparison.Ordinal), report);
        Assert.Equal(seen.Rows.Sum(r => r.Sequences[0].Tokens.LongCount(t => t.Trained)), seen.Trained);
    }

    [Fact]
    public void Pairs_are_shown_with_the_ids_that_training_gets()
    {
        string file = Preferences();
        Recipe recipe = Parse($"data: {{preferences: {file}, held_out: {{reward: 0}}}}\nreward: {{max_length: 90}}");
        List<string> report = [];
        IReadOnlyList<PreferenceExample> train = FileInputs
            .Preferences(recipe, _text, TrainingRows.RewardLengths(recipe, _text), report).Train;
        DataInspection seen = Inspect(file, RowKind.Preferences, recipe);
        ShownRow[] kept = [.. seen.Rows.Where(r => r.Fate == "kept")];
        Assert.InRange(kept.Length, 1, Count - 1);
        string[] expected = [.. train.Select(p => $"{Line(p.Prompt, p.Chosen)} {Line(p.Prompt, p.Rejected)}")
            .Order(StringComparer.Ordinal)];
        Assert.Equal(expected, kept.Select(r => $"{Line(r.Sequences[0])} {Line(r.Sequences[1])}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("keep_end_of_prompt")]
    [InlineData("faithful")]
    public void What_becomes_of_rows_that_are_too_long_is_said_alike_by_training_and_inspection(string policy)
    {
        string file = Conversations();
        Recipe recipe = Parse($"data: {{sft: {file}, held_out: {{sft: 0}}}}\nsft: {{max_length: 90, too_long: {policy}}}");
        List<string> report = [];
        IReadOnlyList<SftExample> train = FileInputs.Sft(recipe, _text, report).Train;
        DataInspection seen = Inspect(file, RowKind.Sft, recipe);
        Assert.Contains(seen.Stages[0].Report.ToString().Replace("sft: ", "sft examples: ", StringComparison.Ordinal), report);
        Assert.All(train, e => Assert.InRange(e.Ids.Length, 1, 90));
        Assert.Equal(policy == "keep_end_of_prompt", train.Count == Count); // what is cut at the end may have lost all that is learnt
        Assert.Equal(policy == "drop" ? [] : [policy == "faithful" ? DropReason.AnswerEndCut : DropReason.PromptStartCut],
            seen.Stages[0].Report.Changed.Keys);
        Assert.Equal(train.Sum(e => e.Ids.Length),
            seen.Rows.Where(r => !r.Fate.StartsWith("dropped", StringComparison.Ordinal))
            .Sum(r => r.Sequences[0].Tokens.Count(t => !t.Cut)));
    }

    [Theory]
    [InlineData("drop", 80)]
    [InlineData("keep_end_of_prompt", 80)]
    [InlineData("faithful", 40)]
    public void Pairs_of_offline_DPO_follow_its_own_policy(string policy, int promptLength)
    {
        string file = Preferences();
        Recipe recipe = Parse($"data: {{preferences: {file}, held_out: {{reward: 0}}}}\nreward: {{enabled: false}}\noffline_dpo: "
            + $"{{max_length: 90, max_prompt_length: {promptLength}, too_long: {policy}}}\nonline: {{enabled: false}}\nsft: {{enabled: "
            + $"false}}\nevaluation: {{enabled: false}}");
        RunInputs inputs = FileInputs.Load(recipe, _text);
        DataInspection seen = Inspect(file, RowKind.Preferences, recipe);
        Assert.Contains(seen.Stages.Single().Report.ToString().Replace("offline_dpo: ", "preference examples: ", StringComparison.Ordinal),
            inputs.Report);
        Assert.All(inputs.Preferences, p => Assert.InRange(p.Prompt.Length + Math.Max(p.Chosen.Length, p.Rejected.Length), 1, 90));
        Assert.Equal(policy == "drop", inputs.Preferences.Count < Count);
    }

    [Fact]
    public void The_tokens_texts_are_the_rendered_text()
    {
        DataInspection seen = Inspect(Conversations(), RowKind.Sft, new Recipe());
        Assert.Equal(Enumerable.Range(0, Count).Select(i => _text.Render(Conversation(i), false).Text),
            seen.Rows.Select(r => r.Sequences[0].Text));
        Assert.Equal(_text.Render([Conversation(0)[0]], true).Text,
            Inspect(Conversations(), RowKind.Prompts, new Recipe()).Rows[0].Sequences[0].Text);
    }

    [Theory]
    [InlineData(LengthPolicy.KeepEndOfPrompt)]
    [InlineData(LengthPolicy.Faithful)]
    public void What_is_marked_as_cut_is_what_the_length_rule_takes_away(LengthPolicy policy)
    {
        var rule = new LengthRule(70, 40, policy, _text.Tokenizer.BosId);
        string file = Preferences();
        DataInspection seen = DataInspection
            .Of([file], RowKind.Preferences, _text, new Recipe(), [new StageLengths("reward", rule)], (_, _) => true);
        int changed = 0;
        foreach ((ShownRow row, Preference pair) in seen.Rows.Zip(DataReader.ReadPreferences(file, new DataReport("x"))))
        {
            PreferenceExample? fit = rule.Apply(_text.Examples.Preference(pair), new DataReport("x"));
            if (fit is null)
            {
                Assert.StartsWith("dropped: ", row.Fate, StringComparison.Ordinal);
                Assert.All(row.Sequences.SelectMany(s => s.Tokens), t => Assert.True(t.Cut));
                continue;
            }
            Assert.Equal([.. fit.Prompt, .. fit.Chosen], row.Sequences[0].Tokens.Where(t => !t.Cut).Select(t => t.Id));
            Assert.Equal([.. fit.Prompt, .. fit.Rejected], row.Sequences[1].Tokens.Where(t => !t.Cut).Select(t => t.Id));
            if (row.Fate != "kept") changed++;
        }
        Assert.True(changed > 0);
    }

    [Fact]
    public void Lengths_are_counted_over_all_rows_and_only_the_rows_asked_for_are_kept()
    {
        DataInspection seen = DataInspection
            .Of([Conversations()], RowKind.Sft, _text, new Recipe(), StageLengths.Of(RowKind.Sft, new Recipe(), _text),
                (number, _) => number == 7);
        Assert.Equal(7, Assert.Single(seen.Rows).Number);
        int[] lengths = [.. Enumerable.Range(0, Count).Select(i => _text.Render(Conversation(i), false).Ids.Length)];
        LengthHistogram histogram = seen.Lengths["example"];
        Assert.Equal((Count, lengths.Min(), lengths.Max(), (long)lengths.Sum()),
            ((int)histogram.Count, histogram.Min, histogram.Max, seen.Tokens));
    }

    [Fact]
    public void Rows_of_several_files_are_numbered_on_and_compared_with_each_other()
    {
        string first = Conversations(), second = _folder.File("second.jsonl");
        File.WriteAllLines(second, File.ReadLines(first).Skip(5).Take(2));
        DataInspection seen = DataInspection
            .Of([first, second], RowKind.Sft, _text, new Recipe(), StageLengths.Of(RowKind.Sft, new Recipe(), _text),
                (number, _) => number > Count);
        Assert.Equal([Count + 1, Count + 2], seen.Rows.Select(r => r.Number));
        Assert.Equal([new Duplicate(Count + 1, 6, 1), new Duplicate(Count + 2, 7, 1)], seen.Duplicates.Where(d => d.Similarity == 1));
        Assert.Equal([Count, 2], seen.Files.Select(f => f.Read.Kept));
    }

    [Fact]
    public void Filters_and_cleaning_of_the_recipe_hold()
    {
        string file = Write("scored.jsonl",
            i => new JsonObject
            {
                ["prompt"] = $"Question {i}?", ["chosen"] = "Yes.", ["rejected"] = "No.", ["chosen_score"] = i % 3,
                ["rejected_score"] = 0, ["lang"] = i % 2 == 0 ? "en" : "de"
            });
        DataInspection seen = Inspect(file, RowKind.Preferences, Parse("data: {filters: [\"lang=en\"]}"));
        Assert.Equal((Count, Count / 2), (seen.Files[0].Read.Read, seen.Files[0].Read.Kept));
        Assert.Equal(Enumerable.Range(0, Count).Count(i => i % 2 == 0 && i % 3 == 0),
            seen.Files[0].Cleaned.Dropped[DropReason.EqualScores]);
        Assert.Equal(3, seen.Rows[0].Number); // rows are numbered as in the file: row 1 has equal scores, row 2 is German
    }

    [Fact]
    public void Rows_that_the_template_refuses_are_counted_and_the_first_is_named()
    {
        ModelText strict = ModelText
            .Load(_folder.File("model"),
                ChatTemplate.Parse("{% for m in messages %}{{ raise_exception('too long a question') if m.content | length > 60 }}{{ "
                + "m.content }}{% endfor %}"));
        DataInspection seen = DataInspection
            .Of([Conversations()], RowKind.Prompts, strict, new Recipe(), StageLengths.Of(RowKind.Prompts, new Recipe(), strict),
                (_, _) => true);
        int refused = Enumerable.Range(0, Count).Count(i => Conversation(i)[0].Content.Length > 60);
        Assert.Equal((refused, Count - refused), (seen.Refused, seen.Rows.Count));
        Assert.Contains("too long a question", seen.FirstRefusal, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kind_is_told_by_the_columns()
    {
        Assert.Equal(RowKind.Sft, RowKinds.Detect(new Recipe(), Conversations()));
        Assert.Equal(RowKind.Preferences, RowKinds.Detect(new Recipe(), Preferences()));
        Assert.Equal(RowKind.Prompts, RowKinds.Detect(new Recipe(), Write("prompts.jsonl", i => new JsonObject { ["prompt"] = $"{i}" })));
        Assert.Equal(RowKind.Prompts,
            RowKinds.Detect(new Recipe(),
                Write("asked.jsonl", i => new JsonObject { ["messages"] = new JsonArray(Message("user", $"{i}")) })));
        Assert.Contains("--kind",
            Assert.Throws<InputException>(() =>
                RowKinds.Detect(new Recipe(), Write("other.jsonl", i => new JsonObject { ["x"] = i }))).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder.File("broken.jsonl"), "{");
        Assert.Contains("broken JSON",
            Assert.Throws<InputException>(() => RowKinds.Detect(new Recipe(), _folder.File("broken.jsonl"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_in_JSON_add_up()
    {
        var index = new NgramIndex(8);
        const string Question = "Who of the two has more apples left when both have eaten three";
        index.Add(new EvaluationItem("test.jsonl", "test.jsonl:1", [Question]));
        Recipe recipe = Parse("sft: {max_length: 90}");
        string file = Write("rows.jsonl",
            i => new JsonObject
            {
                ["messages"] =
                new JsonArray(Message("user", i == 5 ? Question : Conversation(i)[0].Content), Message("assistant", "Yes."))
            });
        DataInspection seen = DataInspection
            .Of([file], RowKind.Sft, _text, recipe, StageLengths.Of(RowKind.Sft, recipe, _text), (_, kept) => kept < 2, index);
        JsonObject json = InspectionJson.Of(seen);
        JsonNode stage = json["stages"]![0]!;
        Assert.Equal(Count, (int)stage["kept"]! + (int)stage["dropped"]!["too_long"]!);
        Assert.Equal(Count, json["lengths"]!["example"]!["histogram"]!.AsArray().Sum(b => (long)b!["count"]!));
        Assert.Equal((1, 1), ((int)json["overlap"]!["rows_overlapping"]!, (int)json["overlap"]!["items_hit"]!["test.jsonl"]!));
        Assert.Equal(6, (int)json["overlap"]!["listed"]![0]!["row"]!);
        Assert.Equal(2, json["rows"]!.AsArray().Count);
        Assert.Equal(seen.Rows[0].Sequences[0].Tokens.Select(t => t.Id),
            json["rows"]![0]!["sequences"]![0]!["ids"]!.AsArray().Select(id => (int)id!));
    }

    [Fact]
    public void Text_of_a_row_cannot_become_markup_of_the_page()
    {
        string file = Write("rows.jsonl",
            i => new JsonObject
            {
                ["messages"] =
                new JsonArray(Message("user", "<script>alert(1)</script>\u202e"), Message("assistant", $"<b>{i}</b>"))
            });
        string page = InspectionPage.Render(Inspect(file, RowKind.Sft, new Recipe())).Markup;
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', page);
        Assert.Contains("&lt;", page, StringComparison.Ordinal);
        Assert.Equal(Count, page.Split("<h3>Row ").Length - 1);
    }

    private DataInspection Inspect(string file, RowKind kind, Recipe recipe) =>
        DataInspection.Of([file], kind, _text, recipe, StageLengths.Of(kind, recipe, _text), (_, _) => true);

    private Recipe Parse(string yaml) => ResolvedRecipe.Parse(yaml, _folder.File("recipe.yaml")).Value;

    private string Conversations() =>
        Write("sft.jsonl", i => new JsonObject
        {
            ["messages"] =
            new JsonArray([.. Conversation(i).Select(m => (JsonNode)Message(m.Role, m.Content))])
        });

    private string Preferences() =>
        Write("pairs.jsonl",
            i => new JsonObject { ["prompt"] = Conversation(i)[0].Content, ["chosen"] = Conversation(i)[1].Content, ["rejected"] = "No." });

    // Questions and answers of many lengths.
    private static ChatMessage[] Conversation(int i) =>
        [ChatMessage.User($"Question {i}: {string.Join(' ', Enumerable.Range(i, i % 10 + 3).Select(k => $"why {k}"))}?"),
            ChatMessage.Assistant($"Because {new string('x', i % 7)} {i}.")];

    private string Write(string name, Func<int, JsonObject> row)
    {
        File.WriteAllLines(_folder.File(name), Enumerable.Range(0, Count).Select(i => row(i).ToJsonString()));
        return _folder.File(name);
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    // The first token is never learnt, whatever the mask says of it.
    private static string Line(int[] ids, bool[] mask) => string.Join(',', ids.Select((id, i) => $"{id}{(mask[i] && i > 0 ? "!" : "")}"));

    private static string Line(int[] prompt, int[] answer) =>
        Line([.. prompt, .. answer], [.. prompt.Select(_ => false), .. answer.Select(_ => true)]);

    private static string Line(ShownSequence sequence) =>
        Line([.. sequence.Tokens.Select(t => t.Id)], [.. sequence.Tokens.Select(t => t.Trained)]);
}
