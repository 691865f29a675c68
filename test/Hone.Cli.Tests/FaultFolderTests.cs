using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>The inputs under <c>shared/data/faults</c>, given to the commands beside them, give what <c>expected.txt</c> says.</summary>
public sealed class FaultFolderTests : StageTest
{
    private static string Fault(string file) => SharedData.Require(Path.Combine("faults", file));

    private static string Read(string file) => File.ReadAllText(Fault(file));

    [Fact]
    public void A_chats_second_turn_needs_no_mask_of_the_first()
    {
        File.Copy(Fault("01-chat-second-turn/chat_template.jinja"), Path.Combine(Model, "chat_template.jinja"), overwrite: true);
        Result chat = Command.Type("hello\nmore\n/exit\n", "chat", Model, "--max-new-tokens", "8", "--device", "cpu");
        Assert.True(chat.Code == 0, chat.Error);
        Assert.DoesNotContain("mask", chat.Out + chat.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_2024_rules_count_their_own_labels_only()
    {
        JsonNode scored = Command.Done("eval", "score", "arena_hard", "--judgments", Fault("03-arena-2024-labels/judged.jsonl"),
            "--verdicts", "2024", "--json").Json[0]!;
        Assert.Equal(3, (int)scored["n_battles"]!);
        Assert.Equal(3, (int)scored["n_excluded"]!);
    }

    [Theory]
    [InlineData("nobos", new[] { 320, 417 })]
    [InlineData("eos", new[] { 1, 320, 417, 2 })]
    public void The_flags_of_a_llama_tokenizer_are_followed(string flags, int[] expected)
    {
        string source = SharedData.Require("models/stories260K-hf"), model = At("stories");
        Directory.CreateDirectory(model);
        foreach (string file in Directory.GetFiles(source)) File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        File.Copy(Fault($"05-llama-add-bos-flag/tokenizer_config.{flags}.json"), Path.Combine(model, "tokenizer_config.json"), true);
        Result ids = Command.Type("""{"text":"Hi"}""", "tokenize", "--model", model);
        Assert.Equal(expected, ids.Json["ids"]!.AsArray().Select(id => (int)id!));
    }

    [Fact]
    public void A_conversation_that_begins_with_the_assistant_is_kept_and_rendered()
    {
        string template = Fault("07-assistant-first/LLAMA31.jinja"), rows = Fault("07-assistant-first/rows.jsonl");
        string model = SharedData.Require("tokenizers/minueza-32m-chat");
        Result seen = Command.Done("data", "inspect", rows, "--model", model, "--template", template, "--rows", "0");
        Assert.DoesNotContain("cannot be told", seen.Out + seen.Error, StringComparison.Ordinal);
        const string Messages = """
            {"messages": [{"role": "assistant", "content": "Welcome."}, {"role": "user", "content": "hi"}]}
            """; // the first row of the file, as messages
        Result rendered = Command.Type(Messages, "render", "--model", model, "--template", template);
        Assert.True(rendered.Code == 0, rendered.Error);
        Assert.Contains("Welcome.", (string)rendered.Json["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void One_row_of_6_MB_is_dropped_and_the_others_are_trained_on()
    {
        Fault("09-long-row-stops-training/make.py"); // writes these two rows
        string Row(string user, string answer) =>
            $$"""{"messages": [{"role": "user", "content": "{{user}}"}, {"role": "assistant", "content": "{{answer}}"}]}""" + "\n";
        File.WriteAllText(At("huge.jsonl"), Row(string.Concat(Enumerable.Repeat("a ", 3_000_000)), "b") + Row("x", "y"));
        Result sft = Command.Run("sft", "--model", Model, "--data", At("huge.jsonl"), "--output", At("out"), "--device", "cpu",
            "--set", "sft.batch_size=1");
        Assert.True(sft.Code == 0, sft.Error);
        Assert.Contains("too_long 1", sft.Out + sft.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_byte_of_an_invalid_run_is_replaced()
    {
        Result text = Command.Type(Read("11-byte-fallback-decode/ids.jsonl"), "tokenize", "--decode",
            "--model", SharedData.Require("tokenizers/minueza-32m-chat"));
        Assert.Equal("\uFFFD\uFFFD\uFFFD", (string)text.Json["text"]!);
    }

    [Fact]
    public void Integers_in_templates_are_exact()
    {
        Result text = Command.Type(Read("13-big-integers/row.jsonl"), "render", "--model",
            SharedData.Require("tokenizers/minueza-32m-chat"), "--template", Fault("13-big-integers/t.jinja"));
        Assert.Contains("12345678901234567890123", (string)text.Json["text"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n.jsonl")]
    [InlineData("first.jsonl")]
    public void A_null_answer_is_named_and_its_file_stays_preferences(string file)
    {
        Result seen = Command.Run("data", "inspect", Fault("15-null-answer-message/" + file), "--model", Model);
        string said = seen.Out + seen.Error;
        Assert.DoesNotContain("is missing", said, StringComparison.Ordinal);
        Assert.Contains("preference", said, StringComparison.Ordinal);
        Assert.Matches("null|empty", said);
    }

    /// <summary>Takes a minute and a half: the judge fails in ways that are asked again, later each time.</summary>
    [Fact(Explicit = true)]
    public void A_rating_outside_of_its_range_is_no_verdict()
    {
        string answers = Fault("17-rating-out-of-range/answers.jsonl"), judge = Fault("17-rating-out-of-range/fake_judge.py");
        string data = SharedData.Require("eval");
        using Process server = Python(judge);
        try
        {
            Environment.SetEnvironmentVariable("OPENAI_API_KEY", "x");
            JsonNode scored = Command.Done("eval", "judge", "mt_bench", "--answers", answers, "--data", data, "--judge-base-url",
                "http://127.0.0.1:8961/v1", "--judge-model", "j", "--output", At("j.jsonl"), "--json").Json["scores"]![0]!;
            Assert.Equal(14.0 / 3, (double)scored["turn_1"]!, 3);
            Assert.Equal(6, (int)scored["n_valid"]!);
            Assert.Equal(16, (int)scored["n_excluded"]!);
        }
        finally
        {
            Environment.SetEnvironmentVariable("OPENAI_API_KEY", null);
            server.Kill();
        }
    }

    private Process Python(string script)
    {
        if (!File.Exists("/usr/bin/python3")) Assert.Skip("/usr/bin/python3 is missing");
        Directory.CreateDirectory(At("judge")); // the script writes a file where it stands
        Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [script]) { WorkingDirectory = At("judge") })!;
        for (int tries = 0; tries < 100; tries++)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", 8961);
                return process;
            }
            catch (SocketException)
            {
                Thread.Sleep(50); // it says nothing when it listens
            }
        }
        process.Kill();
        throw new InvalidOperationException($"{script} does not answer");
    }
}
