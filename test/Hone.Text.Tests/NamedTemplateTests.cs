using System.Text.Json;

namespace Hone.Text.Tests;

/// <summary>Templates known by name render what their publishers' models read.</summary>
public sealed class NamedTemplateTests
{
    private static readonly ChatMessage[] s_talk =
    [
        ChatMessage.User("Hello!"), ChatMessage.Assistant("Hello!"), ChatMessage.User("How are you?"), ChatMessage.Assistant("I am good."),
    ];

    /// <summary>FastChat's example of vicuna_v1.1 (docs/vicuna_weights_version.md).</summary>
    [Fact]
    public void Vicuna_is_the_example_of_fastchat() => Assert.Equal(
        "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite "
            + "answers to the user's questions. USER: Hello! ASSISTANT: Hello!</s>USER: How are you? ASSISTANT: I am good.</s>",
        Render("vicuna", s_talk, prompt: false, bos: ""));

    /// <summary>The prompt without input of stanford_alpaca's train.py; the answer and the end token follow at once.</summary>
    [Fact]
    public void Alpaca_is_the_prompt_of_stanford()
    {
        const string Prompt = "Below is an instruction that describes a task. Write a response that appropriately completes the "
            + "request.\n\n### Instruction:\nGive three tips.\n\n### Response:";
        ChatMessage[] ask = [ChatMessage.User("Give three tips.")];
        Assert.Equal("<s>" + Prompt, Render("alpaca", ask, prompt: true, bos: "<s>"));
        Assert.Equal($"<s>{Prompt}Eat well.</s>", Render("alpaca", [.. ask, ChatMessage.Assistant("Eat well.")], prompt: false));
    }

    /// <summary>Texts that llama.cpp and Hugging Face publish for the models of each format.</summary>
    [Theory]
    [InlineData("chatml", "chat_template_vectors.jsonl", "teknium/OpenHermes-2.5-Mistral-7B", "")]
    [InlineData("llama3", "chat_template_vectors.jsonl", "Llama-3", "")]
    [InlineData("mistral", "chat_template_vectors.jsonl", "mistralai/Mistral-7B-Instruct-v0.2 (mistralai 'v1'", "</s>")]
    [InlineData("zephyr", "chat_template_vectors.jsonl", "HuggingFaceH4/zephyr-7b-beta", "</s>")]
    [InlineData("gemma", "chat_template_divergent.jsonl", "google/gemma-7b-it", "")]
    public void A_format_is_as_published(string name, string file, string row, string eos)
    {
        JsonElement published = VectorFile.Read(file).First(r => r.Text("name").StartsWith(row, StringComparison.Ordinal));
        JsonElement data = published.GetProperty("data");
        ChatMessage[] messages = [.. data.GetProperty("messages").EnumerateArray()
            .Select(m => new ChatMessage(m.Text("role"), m.Text("content")))];
        string rendered = Render(name, messages, data.Flag("add_generation_prompt"), "", eos);
        string expected = published.Text("expected");
        // llama.cpp joins Gemma's system message by one line break; Google's own template, of Gemma 3, by two.
        if (name == "gemma") expected = expected.Replace("assistant\nHello", "assistant\n\nHello", StringComparison.Ordinal);
        Assert.Equal(expected, rendered);
    }

    [Fact]
    public void A_prompt_is_the_beginning_of_its_conversation()
    {
        foreach (string name in NamedTemplates.Names)
            Assert.StartsWith(Render(name, s_talk[..3], prompt: true), Render(name, s_talk, prompt: false), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mistral")]
    [InlineData("gemma")]
    public void Turns_that_do_not_alternate_are_refused(string name)
    {
        InputException refused = Assert.Throws<InputException>(() => Render(name, [s_talk[0], s_talk[0]], prompt: true));
        Assert.Contains("must alternate", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_name_lists_those_that_there_are()
    {
        InputException refused = Assert.Throws<InputException>(() => NamedTemplates.Find("chatlm"));
        Assert.Contains("chatml, llama3, zephyr", refused.Message, StringComparison.Ordinal);
    }

    private static string Render(string name, ChatMessage[] messages, bool prompt, string bos = "<s>", string eos = "</s>") =>
        NamedTemplates.Find(name).Render(messages, prompt, new Dictionary<string, object?> { ["bos_token"] = bos, ["eos_token"] = eos });
}
