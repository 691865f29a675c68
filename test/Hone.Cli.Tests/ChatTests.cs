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
