using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

public sealed class ChatTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _model;

    public ChatTests() => _model = TinyModel.Write(_folder.File("model"));

    [Fact]
    public void One_shot_prints_the_answer_and_nothing_else()
    {
        Result first = Command.Done("chat", _model, "--prompt", "Where is the lamp?", "--device", "cpu");
        Assert.Equal(first.Out, Command.Done("chat", _model, "--prompt", "Where is the lamp?", "--device", "cpu").Out);
        Assert.NotEqual(first.Out, Command.Done("chat", _model, "--prompt", "Where is the lamp?", "--device", "cpu", "--seed", "7").Out);
        Assert.Empty(first.Error);
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    [InlineData("int8")]
    [InlineData("int4")]
    public void Answers_are_sampled_in_the_format_that_is_asked_for(string format) =>
        Assert.NotEmpty(Command.Done("chat", _model, "--prompt", "Where is the lamp?", "--device", "cpu", "--format", format).Out);

    [Fact]
    public void A_format_that_there_is_not_is_refused_with_those_that_there_are() =>
        Assert.Contains("auto, fp32, bf16, int8, int4", Command.Refused("chat", _model, "--prompt", "x", "--format", "q8"),
            StringComparison.Ordinal);

    [Fact]
    public void The_streamed_text_is_the_whole_answer()
    {
        string streamed = Command.Done("chat", _model, "--prompt", "--why?", "--temperature", "0", "--device", "cpu").Out;
        JsonNode whole = Command.Done("chat", _model, "--prompt", "--why?", "--temperature", "0", "--device", "cpu", "--json").Json;
        Assert.Equal(streamed.TrimEnd('\n'), ((string)whole["answer"]!).TrimEnd('\n'));
        Assert.Equal("--why?", (string?)whole["prompt"]);
    }

    [Fact]
    public void Generation_config_is_honoured_and_flags_override_it()
    {
        string config = Path.Combine(_model, "generation_config.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(config))!;
        json["max_new_tokens"] = 3;
        json["eos_token_id"] = new JsonArray();
        File.WriteAllText(config, json.ToJsonString());
        Assert.InRange((int)Answer("--prompt", "Hello")["answer_tokens"]!, 1, 3);
        Assert.InRange((int)Answer("--prompt", "Hello", "--max-new-tokens", "1")["answer_tokens"]!, 1, 1);

        JsonNode Answer(params string[] more) => Command.Done(["chat", _model, "--device", "cpu", "--json", .. more]).Json;
    }

    [Fact]
    public void The_model_sees_the_turns_so_far_until_reset()
    {
        int[] seen = PromptTokens("Hello\n\nHello\n/unknown\n/reset\nHello\n/exit\nHello\n", out string error);
        Assert.Equal(3, seen.Length);
        Assert.True(seen[1] > 2 * seen[0] - 2);
        Assert.Equal(seen[0], seen[2]);
        Assert.Contains("there is no /unknown", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_template_every_text_is_gone_on_with_by_itself()
    {
        File.Delete(Path.Combine(_model, "chat_template.jinja"));
        int[] seen = PromptTokens("Hello\nHello\n", out string error);
        Assert.Equal(seen[0], seen[1]);
        Assert.Contains("no chat template", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_turn_that_fails_does_not_end_the_talk()
    {
        int[] seen = PromptTokens($"{new string('x', 600)}\nHello\n", out string error);
        Assert.Single(seen);
        Assert.Contains("the model's limit is 256", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_that_belong_together_are_one_turn()
    {
        int[] seen = PromptTokens("Hello\\\nthere\n/reset\n\"\"\"\nHello\nthere\n\"\"\"\n/reset\nHello\n", out _);
        Assert.Equal(3, seen.Length);
        Assert.Equal(seen[0], seen[1]);
        Assert.True(seen[2] < seen[0]);
    }

    [Fact]
    public void Settings_seed_and_history_are_changed_between_turns()
    {
        string saved = _folder.File("chat.jsonl");
        Result result = Command.Type(
            $"Hello\n/history\n/save {saved}\n/set max_new_tokens 2\n/set temperature 0\n/set\n/seed 9\n/set top_p 7\n/set what 1\n"
                + "/seed x\n/help\nHello\n",
            "chat", _model, "--device", "cpu", "--max-new-tokens", "5", "--json");
        Assert.Equal(0, result.Code);
        JsonNode[] answers = [.. result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
        Assert.InRange((int)answers[1]["answer_tokens"]!, 1, 2);
        JsonArray messages = JsonNode.Parse(File.ReadAllText(saved))!["messages"]!.AsArray();
        Assert.Equal(["user", "assistant"], messages.Select(m => (string)m!["role"]!));
        Assert.Equal((string)answers[0]["answer"]!, (string)messages[1]!["content"]!);
        string[] all = ["user: Hello", "temperature 0, ", "seed 42", "top_p is 7", "no setting what", "'x'", "/system"];
        foreach (string told in all)
            Assert.Contains(told, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_talk_tells_its_speed_and_an_answer_alone_does_not()
    {
        Result talk = Command.Type("Hello\n", "chat", _model, "--device", "cpu", "--max-new-tokens", "8");
        Assert.Contains("tokens/s]", talk.Error, StringComparison.Ordinal);
        Assert.Empty(Command.Done("chat", _model, "--prompt", "Hello", "--device", "cpu", "--max-new-tokens", "8").Error);
    }

    [Fact]
    public void Answers_have_the_format_that_is_asked_for()
    {
        string schema = _folder.File("schema.json");
        File.WriteAllText(schema, """{"type": "array", "items": {"enum": [1, 23]}, "minItems": 1, "maxItems": 3}""");
        string[] chat = ["chat", _model, "--prompt", "Hello", "--device", "cpu"];
        JsonArray numbers = JsonNode.Parse(Command.Done([.. chat, "--schema", schema]).Out)!.AsArray();
        Assert.All(numbers, n => Assert.Contains((int)n!, new[] { 1, 23 }));
        Assert.Matches("^[ab]{3}\n$", Command.Done([.. chat, "--regex", "[ab]{3}"]).Out);
        Assert.Contains("exclude each other", Command.Refused([.. chat, "--regex", "a", "--schema", schema]), StringComparison.Ordinal);
        File.WriteAllText(schema, """{"type": "array", "uniqueItems": true}""");
        Assert.Contains("uniqueItems", Command.Refused([.. chat, "--schema", schema]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_knows_no_system_prompt_says_so() =>
        Assert.Contains("roles user and assistant only",
            Command.Refused("chat", _model, "--prompt", "Hello", "--system", "Be kind.", "--device", "cpu"), StringComparison.Ordinal);

    [Theory]
    [InlineData("--temperature", "-1", "--temperature is -1")]
    [InlineData("--top-p", "2", "top_p is 2")]
    [InlineData("--max-new-tokens", "0", "max_new_tokens is 0")]
    [InlineData("--device", "tpu", "tpu is no device")]
    public void Values_out_of_range_are_refused(string flag, string value, string message) =>
        Assert.Contains(message, Command.Refused("chat", _model, "--prompt", "Hello", flag, value), StringComparison.Ordinal);

    [Theory]
    [InlineData("--top-p", "0.5")]
    [InlineData("--top-k", "3")]
    public void A_flag_that_would_change_nothing_is_refused(string flag, string value)
    {
        string[] chat = ["chat", _model, "--prompt", "Hello", "--device", "cpu", flag, value];
        Assert.Contains($"{flag} changes nothing", Command.Refused([.. chat, "--temperature", "0"]), StringComparison.Ordinal);
        Assert.Empty(Command.Done([.. chat, "--temperature", "1"]).Error);
        string talk = Command.Type("/set min_p 0.1\n", "chat", _model, "--device", "cpu", "--temperature", "0").Error;
        Assert.Contains("min_p counts once the temperature is above 0", talk, StringComparison.Ordinal);
        string prompts = Rows.Prompts(_folder.File("prompts.jsonl"));
        Assert.Contains($"{flag} changes nothing", Command.Refused("sample", "--model", _model, "--data", prompts, "--output",
            _folder.File("out.jsonl"), "--temperature", "0", flag, value), StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_of_the_generation_config_that_is_not_known_is_named()
    {
        string config = Path.Combine(_model, "generation_config.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(config))!;
        json["future_field"] = 5;
        File.WriteAllText(config, json.ToJsonString());
        Assert.Contains("generation_config.json: future_field unknown",
            Command.Done("chat", _model, "--prompt", "Hello", "--device", "cpu").Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private int[] PromptTokens(string typed, out string error)
    {
        Result result = Command.Type(typed, "chat", _model, "--device", "cpu", "--max-new-tokens", "4", "--json");
        Assert.Equal(0, result.Code);
        error = result.Error;
        return [.. result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => (int)JsonNode.Parse(line)!["prompt_tokens"]!)];
    }
}
