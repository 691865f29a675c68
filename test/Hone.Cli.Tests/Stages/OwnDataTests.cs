using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>Rows of one's own in the layouts that people have them in, with no flag beyond model, data and output.</summary>
public sealed class OwnDataTests : StageTest
{
    private const int Few = 20, Sixty = 60;

    private static readonly Dictionary<string, Func<int, JsonObject>> s_conversations = new()
    {
        ["messages"] = i => new() { ["messages"] = new JsonArray(Message("user", Question(i)), Message("assistant", Good(i))) },
        ["ShareGPT"] = i => new()
        {
            ["conversations"] = new JsonArray(
                new JsonObject { ["from"] = "human", ["value"] = Question(i) }, new JsonObject { ["from"] = "gpt", ["value"] = Good(i) }),
        },
        ["Alpaca"] = i => new() { ["instruction"] = Question(i), ["input"] = "", ["output"] = Good(i) },
        ["prompt-completion"] = i => new() { ["prompt"] = Question(i), ["completion"] = Good(i) },
    };

    private static readonly Dictionary<string, Func<int, JsonObject>> s_preferences = new()
    {
        ["message lists"] = i => new()
        {
            ["chosen"] = new JsonArray(Message("user", Question(i)), Message("assistant", Good(i))),
            ["rejected"] = new JsonArray(Message("user", Question(i)), Message("assistant", Bad(i))),
        },
        ["prompt and answers"] = i => new() { ["prompt"] = Question(i), ["chosen"] = Good(i), ["rejected"] = Bad(i) },
        ["hh-rlhf"] = i => new()
        {
            ["chosen"] = $"\n\nHuman: {Question(i)}\n\nAssistant: {Good(i)}",
            ["rejected"] = $"\n\nHuman: {Question(i)}\n\nAssistant: {Bad(i)}",
        },
        ["Orca"] = i => new() { ["system"] = "", ["question"] = Question(i), ["chosen"] = Good(i), ["rejected"] = Bad(i) },
        ["LLaMA-Factory ranking"] = i =>
            new() { ["instruction"] = Question(i), ["input"] = "", ["chosen"] = Good(i), ["rejected"] = Bad(i) },
        ["OpenAI"] = i => new()
        {
            ["input"] = new JsonObject { ["messages"] = new JsonArray(Message("user", Question(i))) },
            ["preferred_output"] = new JsonArray(Message("assistant", Good(i))),
            ["non_preferred_output"] = new JsonArray(Message("assistant", Bad(i))),
        },
        ["TRL implicit"] = i => new() { ["chosen"] = $"{Question(i)} {Good(i)}", ["rejected"] = $"{Question(i)} {Bad(i)}" },
        ["KTO"] = i => new()
        {
            ["prompt"] = Question(i / 2), ["completion"] = i % 2 == 0 ? Good(i) : Bad(i), ["label"] = i % 2 == 0,
        },
    };

    public static TheoryData<string> ConversationLayouts => [.. s_conversations.Keys];

    public static TheoryData<string> PreferenceLayouts => [.. s_preferences.Keys];

    [Theory]
    [MemberData(nameof(ConversationLayouts))]
    public void Conversations_are_inspected_trained_on_and_sampled_from(string layout)
    {
        string data = Rows.Write(At("rows.jsonl"), s_conversations[layout], Sixty);
        Command.Done("data", "inspect", "--data", data, "--model", Model);
        Result sft = Command.Done("sft", "--model", Model, "--data", data, "--output", At("sft"), "--lr", "1e-2");
        Assert.Contains("data.held_out.sft: 3 of 60 rows (auto: 5%, the paper has 500)", sft.Error, StringComparison.Ordinal);
        Command.Done("sample", "--model", At("sft"), "--data", data, "--output", At("samples.jsonl"), "--max-new-tokens", "4", "--n", "2");
        Assert.Equal(Sixty, Rows.Read(At("samples.jsonl")).Length);
        Command.Done("chat", At("sft"), "--prompt", "Hello", "--max-new-tokens", "4");
    }

    [Theory]
    [MemberData(nameof(PreferenceLayouts))]
    public void Preferences_are_inspected_trained_on_by_reward_and_dpo_and_sampled_from(string layout)
    {
        string data = Rows.Write(At("rows.jsonl"), s_preferences[layout], Sixty);
        Command.Done("data", "inspect", data, "--model", Model);
        Command.Done("reward", "--model", Model, "--data", data, "--output", At("reward"), "--lr", "1e-2");
        Result dpo = Command.Done("dpo", "--model", Model, "--data", data, "--output", At("dpo"), "--lr", "1e-3", "--beta", "0.2",
            "--batch-size", "8", "--epochs", "2", "--max-length", "200", "--loss", "sigmoid");
        Assert.Contains("the reference is the policy as it begins", dpo.Error, StringComparison.Ordinal);
        string recipe = File.ReadAllText(At("dpo/training/recipe.yaml"));
        foreach (string value in new[] { "beta: 0.2", "batch_size: 8", "epochs: 2", "max_length: 200", "max_prompt_length: 100" })
            Assert.Contains(value, recipe, StringComparison.Ordinal);
        Command.Done("sample", "--model", At("dpo"), "--data", data, "--output", At("samples.jsonl"), "--max-new-tokens", "4", "--n", "2");
        Command.Done("score", "--model", At("reward"), "--data", At("samples.jsonl"), "--output", At("scored.jsonl"));
    }

    [Theory]
    [InlineData("sft")]
    [InlineData("reward")]
    [InlineData("dpo")]
    public void Twenty_rows_train(string verb)
    {
        string data = Rows.Write(At("rows.jsonl"), (verb == "sft" ? s_conversations : s_preferences).Values.First(), Few);
        Result result = Command.Done(verb, "--model", Model, "--data", data, "--output", At("out"));
        if (verb != "dpo") Assert.Contains($"data.held_out.{verb}: 1 of 20 rows (auto: 5%", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft", "prompt=q,completion=good")]
    [InlineData("reward", "prompt=q,chosen=good,rejected=bad")]
    [InlineData("dpo", "prompt=q,chosen=good,rejected=bad")]
    [InlineData("sample", "prompt=q")]
    public void Columns_of_any_names_are_mapped(string verb, string map)
    {
        string data = Rows.Write(At("rows.csv.jsonl"), i => new() { ["q"] = Question(i), ["good"] = Good(i), ["bad"] = Bad(i) }, Few);
        string[] args = [verb, "--model", Model, "--data", data, "--output", At("out"), .. verb == "sample"
            ? (string[])["--max-new-tokens", "2"] : []];
        Assert.Contains("the columns `q`, `good`, `bad`", Command.Refused(args), StringComparison.Ordinal);
        Command.Done([.. args, "--map", map]);
        Command.Done("data", "inspect", data, "--model", Model, "--map", map);
    }

    /// <summary>Cleaning and filters hold in every verb that trains; dpo had left them out.</summary>
    [Theory]
    [InlineData("reward")]
    [InlineData("dpo")]
    public void Filters_and_cleaning_hold_in_every_training_verb(string verb)
    {
        string data = Rows.Write(At("rows.jsonl"), i => new()
        {
            ["prompt"] = Question(i), ["chosen"] = Good(i), ["rejected"] = Bad(i), ["lang"] = i % 2 == 0 ? "en" : "de",
            ["chosen_score"] = i % 4, ["rejected_score"] = 2,
        }, Sixty);
        Result result = Command.Done(verb, "--model", Model, "--data", data, "--output", At("out"), "--set", "data.filters=[lang=en]");
        Assert.Contains("60 rows, 30 kept, 30 dropped (filtered: lang=en 30)", result.Error, StringComparison.Ordinal);
        Assert.Contains("equal_scores 15", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shortage_names_every_short_part_and_the_flags_that_mend_it()
    {
        string prompts = Rows.Write(At("prompts.jsonl"), i => new() { ["prompt"] = Question(i) }, 40);
        File.WriteAllText(At("recipe.yaml"), $"model: {Model}\ndevice: cpu\nsft: {{enabled: false}}\noffline_dpo: {{enabled: false}}\n"
            + $"reward: {{enabled: false, start_from: {Reward}}}\ndata: {{prompts: {prompts}}}\n"
            + "online: {max_new_tokens: 4, max_length: 200, max_prompt_length: 100}\n");
        string error = Command.Refused("recipe", "validate", At("recipe.yaml"));
        Assert.Contains("`online.prompts_per_iteration (iteration 1)` gets 36, `online.prompts_per_iteration (iteration 2)` gets 0, ",
            error, StringComparison.Ordinal);
        Assert.Contains("--set online.prompts_per_iteration=", error, StringComparison.Ordinal);
        Assert.Equal(error, Command.Refused("run", At("recipe.yaml"), "--output", At("run"))[^error.Length..]);
        Assert.False(Path.Exists(At("run")));
    }

    [Theory]
    [InlineData("sft")]
    [InlineData("preferences")]
    public void A_recipe_is_fitted_to_model_and_data_and_runs(string kind)
    {
        string data = Rows.Write(At("rows.jsonl"), (kind == "sft" ? s_conversations : s_preferences).Values.First(), Sixty);
        Command.Done("recipe", "init", At("my.yaml"), "--model", Model, "--data", data);
        string recipe = File.ReadAllText(At("my.yaml"));
        Assert.Contains($"# Fitted to 60 rows of {kind} and a model of ", recipe, StringComparison.Ordinal);
        Assert.Matches(@"max_length: \d+ +# the longest row has \d+ tokens", recipe);
        Assert.Matches(@"batch_size: \d+ +# about \d+ steps", recipe);
        Result valid = Command.Done("recipe", "validate", At("my.yaml"), "--json");
        JsonObject stages = valid.Json["stages"]!.AsObject();
        Assert.Equal(kind == "sft" ? ["sft"] : ["reward", "offline-dpo"], stages.Select(s => s.Key));
        Assert.All(stages, s => Assert.Equal((57, 3), ((int)s.Value!["examples"]!, (int)s.Value["held_out"]!)));
        Assert.Contains("rows.jsonl: 60 rows, 60 kept", valid.Error, StringComparison.Ordinal);
        Result run = Command.Done("run", At("my.yaml"), "--output", At("run"), "--device", "cpu");
        Assert.DoesNotContain("hardly moved", run.Error, StringComparison.Ordinal);
        Command.Done("report", At("run"));
    }

    private static string Question(int i) => $"Question {i}, please?";

    private static string Good(int i) => $"Answer {i}.";

    private static string Bad(int i) => $"No {i}.";

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
