using Hone.Text;

namespace Hone.Inference.Tests;

public sealed class LanguageModelTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Generates_with_the_folders_settings_and_the_union_of_its_stop_ids()
    {
        TinyModelFolder.Write(_folder.Path);
        using LanguageModel model = LanguageModel.FromPretrained(_folder.Path);
        Assert.Equal([0, TinyModelFolder.TurnEndId, TinyModelFolder.ConfigEosId], model.Stops.Ids);
        Assert.Equal((true, 0.9, 50), (model.Defaults.DoSample, model.Defaults.Temperature, model.Defaults.TopK));
        Completion answer = model.Generate([TinyModelFolder.BeginId, 65]);
        Assert.InRange(answer.Ids.Length, 1, 20);
        Assert.Equal(answer.Ids, model.Generate([TinyModelFolder.BeginId, 65]).Ids);
    }

    // The released model's card calls the template without a generation prompt; whether one is added must be said.
    [Fact]
    public void The_generation_prompt_is_added_only_when_asked_for()
    {
        TinyModelFolder.Write(_folder.Path);
        using LanguageModel model = LanguageModel.FromPretrained(_folder.Path);
        ChatMessage[] messages = [ChatMessage.User("hi")];
        int[] without = model.ApplyChatTemplate(messages, addGenerationPrompt: false);
        int[] with = model.ApplyChatTemplate(messages, addGenerationPrompt: true);
        Assert.Equal(without, with[..without.Length]);
        Assert.Equal("<|im_start|>assistant\n", model.Decode(with.AsSpan(without.Length), skipSpecial: false));
        Assert.Equal([TinyModelFolder.TurnStartId, .. "user\nhi"u8.ToArray(), TinyModelFolder.TurnEndId, '\n'],
            without.Select(id => id < 256 ? model.Decode([id])[0] : id));
    }

    [Fact]
    public void A_base_model_has_no_chat_and_says_so()
    {
        TinyModelFolder.Write(_folder.Path, withTemplate: false);
        using LanguageModel model = LanguageModel.FromPretrained(_folder.Path);
        Assert.Contains("chat template",
            Assert.Throws<InputException>(() => model.ApplyChatTemplate([ChatMessage.User("hi")], true)).Message);
    }

    [Fact]
    public async Task A_stream_adds_up_to_the_answer()
    {
        TinyModelFolder.Write(_folder.Path);
        using LanguageModel model = LanguageModel.FromPretrained(_folder.Path);
        SamplingOptions options = model.Defaults with { MaxNewTokens = 60, Seed = 4 };
        Completion answer = model.Generate([TinyModelFolder.BeginId], options);
        Assert.Equal(model.Decode(answer.Ids), await ReadAsync(model, options));

        // Any two characters in the middle as stop string: the text ends before them, streamed or not.
        string text = model.Decode(answer.Ids);
        string stop = text.Substring(text.Length / 2, 2);
        SamplingOptions stopping = options with { StopStrings = [stop] };
        Completion cut = model.Generate([TinyModelFolder.BeginId], stopping);
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], cut.Text);
        Assert.Equal(FinishReasons.Stop, cut.FinishReason);
        Assert.Equal(cut.Text, await ReadAsync(model, stopping));
    }

    [Fact]
    public async Task A_stream_ends_when_its_reader_leaves_and_reports_failures()
    {
        TinyModelFolder.Write(_folder.Path);
        using LanguageModel model = LanguageModel.FromPretrained(_folder.Path);
        await foreach (string piece in model.StreamAsync([TinyModelFolder.BeginId], model.Defaults with { MaxNewTokens = 500 }))
        {
            Assert.NotEmpty(piece);
            break;
        }
        await Assert.ThrowsAsync<InputException>(async () => await model.StreamAsync([]).GetAsyncEnumerator().MoveNextAsync());
    }

    [Theory]
    [InlineData("gpu", "float32", "gpu")]
    [InlineData("cuda:-1", "float32", "cuda:-1")]
    [InlineData("cuda:99", "float32", "cuda:99")]
    [InlineData("cpu", "int4", "int4")]
    public void Unknown_devices_and_formats_are_refused(string device, string dtype, string named)
    {
        TinyModelFolder.Write(_folder.Path);
        Assert.Contains(named, Assert.Throws<InputException>(() => LanguageModel.FromPretrained(_folder.Path, device, dtype)).Message);
    }

    // A stop string spread over many tokens of a real model: its end-of-story mark is four plain tokens, no control token.
    [Fact]
    public void Tinystories_stops_at_its_end_of_story_string()
    {
        using LanguageModel model = LanguageModel.FromPretrained(SharedData.Require("models/tinystories-656k-hf"));
        int[] prompt = model.Tokenizer.Encode("Once upon a time", addSpecial: true);
        Completion story = model.Generate(prompt, new SamplingOptions
        {
            DoSample = true, Temperature = 0.6, Seed = 1, MaxNewTokens = 400, StopStrings = ["<|end_story|>"],
        });
        Assert.Equal(FinishReasons.Stop, story.FinishReason);
        Assert.DoesNotContain("<|", story.Text);
        Assert.Equal([208, 183, 209, 210], story.Ids[^4..]);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<string> ReadAsync(LanguageModel model, SamplingOptions options)
    {
        string text = "";
        await foreach (string piece in model.StreamAsync([TinyModelFolder.BeginId], options)) text += piece;
        return text;
    }
}
