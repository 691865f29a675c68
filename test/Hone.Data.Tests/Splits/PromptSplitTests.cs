using CsCheck;
using Hone.Text;

namespace Hone.Data.Tests;

public class PromptSplitTests
{
    private static PromptRow[] Prompts(int count) => [.. Enumerable.Range(0, count).Select(i => TestRows.Prompt($"prompt {i}"))];

    private static PromptSplit<PromptRow> Split(PromptRow[] rows, ulong seed, params (string, int)[] parts) =>
        PromptSplit.Split(rows, r => r.Messages, seed, parts);

    /// <summary>Trap 21: prompts that choose the best iterate are held out of every iteration.</summary>
    [Fact]
    public void Trap_21_held_out_prompts_are_in_no_iteration()
    {
        PromptSplit<PromptRow> split = Split(Prompts(100), 7, ("selection", 20), ("test", 10), ("iteration 1", 30), ("iteration 2", 30));
        Assert.Equal([20, 10, 30, 30], split.Parts.Select(p => split[p].Count));
        PromptRow[] all = [.. split.Parts.SelectMany(p => split[p]), .. split.Rest];
        Assert.Equal(100, all.Select(r => PromptKey.Of(r.Messages)).Distinct().Count());
        PromptSplit.RequireDisjoint([.. split.Parts.Select(p => (p, split[p].Select(r => r.Messages)))]);
    }

    /// <summary>Trap 9: whatever is dealt, every row goes to one part or to the rest, and no prompt is in two.</summary>
    [Fact]
    public void Trap_9_every_row_goes_to_one_place() =>
        Gen.Select(Gen.Int[0, 30].Array[0, 80], Gen.Int[0, 10], Gen.Int[0, 10], Gen.ULong).Sample((prompts, a, b, seed) =>
        {
            // Rows of few prompts, each row with its own answer.
            Preference[] rows = [.. prompts.Select((p, i) => new Preference([TestRows.User($"{p}")], $"good {i}", "bad"))];
            if (rows.Length < a + b + 40) return;
            PromptSplit<Preference> split = PromptSplit.Split(rows, r => r.Prompt, seed, ("a", a), ("b", b));
            Assert.Equal(
                rows.Select(r => r.Chosen).Order(StringComparer.Ordinal),
                split["a"].Concat(split["b"]).Concat(split.Rest).Select(r => r.Chosen).Order(StringComparer.Ordinal));
            Assert.InRange(split["a"].Count, a, rows.Length);
            PromptSplit.RequireDisjoint(
                ("a", split["a"].Select(r => r.Prompt)), ("b", split["b"].Select(r => r.Prompt)),
                    ("rest", split.Rest.Select(r => r.Prompt)));
        }, iter: 500);

    /// <summary>Trap 10: the same seed deals the same parts, another seed others.</summary>
    [Fact]
    public void Trap_10_parts_depend_on_the_seed()
    {
        PromptRow[] rows = Prompts(50);
        IReadOnlyList<PromptRow> part = Split(rows, 1, ("a", 20))["a"];
        Assert.Equal(part, Split(rows, 1, ("a", 20))["a"]);
        Assert.NotEqual(part, Split(rows, 2, ("a", 20))["a"]);
        // A part added behind changes none before it.
        Assert.Equal(part, Split(rows, 1, ("a", 20), ("b", 5))["a"]);
    }

    [Fact]
    public void Too_few_prompts_are_an_error_with_the_numbers()
    {
        InputException e =
            Assert.Throws<InputException>(() => Split([.. Prompts(10), .. Prompts(5)], 1, ("selection", 8), ("iteration 1", 8)));
        Assert.Contains("15 rows with 10 distinct prompts do not reach for selection 8 + iteration 1 8: `iteration 1` gets", e.Message);
        e = Assert.Throws<InputException>(() => PromptSplit.Split([.. Enumerable.Range(0, 40).Select(i => (UInt128)i)], 1,
            ("data.held_out.selection", 256), ("data.held_out.test", 500), ("online.prompts_per_iteration (iteration 1)", 20_000),
            ("online.prompts_per_iteration (iteration 2)", 20_000)));
        Assert.Contains("`data.held_out.selection` gets 40, `data.held_out.test` gets 0, `online.prompts_per_iteration (iteration 1)` "
            + "gets 0, ",
            e.Message);
        Assert.EndsWith("--set data.held_out.selection=1 --set data.held_out.test=1 --set online.prompts_per_iteration=19", e.Fix);
    }

    /// <summary>Trap 6: the public code evaluates the reward model on rows that it trained on. That is refused.</summary>
    [Fact]
    public void Trap_6_overlap_is_refused_with_names_and_count()
    {
        PromptRow[] train = Prompts(10),
            held = [TestRows.Prompt("new"), TestRows.Prompt("prompt 3 "), TestRows.Prompt("prompt 5"), TestRows.Prompt("prompt 5")];
        InputException e = Assert.Throws<InputException>(() => PromptSplit.RequireDisjoint(
            ("train", train.Select(r => r.Messages)), ("held out", held.Select(r => r.Messages))));
        Assert.Contains("`train` and `held out` have 2 prompts in common", e.Message);
        Assert.Equal("held out, row 2", e.Where);
        PromptSplit.RequireDisjoint(("train", train.Select(r => r.Messages)), ("held out", held.Take(1).Select(r => r.Messages)));
        // A prompt twice in one set is no overlap.
        PromptSplit.RequireDisjoint(("train", train.Concat(train).Select(r => r.Messages)));
    }

    [Fact]
    public void Distinct_keeps_the_first_of_each_prompt_and_counts_the_rest()
    {
        DataReport report = new("prompts");
        IReadOnlyList<PromptRow> rows =
            [.. PromptSplit.Distinct([TestRows.Prompt("a"), TestRows.Prompt("b"), TestRows.Prompt(" a")], report)];
        Assert.Equal(["a", "b"], rows.Select(r => r.Messages[0].Content));
        Assert.Equal("prompts: 3 rows, 2 kept, 1 dropped (duplicate_prompt 1)", report.ToString());
    }

    [Fact]
    public void Prompts_are_the_same_only_if_roles_and_texts_are()
    {
        Assert.NotEqual(PromptKey.Of([TestRows.User("a"), TestRows.User("b")]), PromptKey.Of([TestRows.User("a4:user1:b")]));
        Assert.NotEqual(PromptKey.Of([TestRows.User("a")]), PromptKey.Of([ChatMessage.System("a")]));
        Assert.NotEqual(PromptKey.Of([TestRows.User("a")]), PromptKey.Of([TestRows.User("a"), TestRows.User("")]));
        Assert.Equal(PromptKey.Of([TestRows.User("a\n")]), PromptKey.Of([TestRows.User(" a")]));
    }

    /// <summary>Half and half of real preferences, as the reward model is judged: no prompt on both sides.</summary>
    [Fact]
    public void Real_preferences_are_halved_by_prompt()
    {
        string path = SharedData.Require("corpora/hh-rlhf-harmless-base-test.jsonl.gz");
        Preference[] rows = [.. DataReader.ReadPreferences(path, new DataReport(path))];
        PromptSplit<Preference> split = PromptSplit.Split(rows, r => r.Prompt, 0, ("held out", rows.Length / 2));
        Assert.InRange(split["held out"].Count, rows.Length / 2, rows.Length / 2 + 10);
        Assert.Equal(rows.Length, split["held out"].Count + split.Rest.Count);
        PromptSplit.RequireDisjoint(("train", split.Rest.Select(r => r.Prompt)), ("held out", split["held out"].Select(r => r.Prompt)));
    }
}
