namespace Hone.Inference.Tests;

public class GenerationConfigTests
{
    [Fact]
    public void Without_a_file_the_defaults_of_transformers_hold()
    {
        using var folder = new TempFolder();
        GenerationConfig config = GenerationConfig.Load(folder.Path);
        Assert.Equal(new SamplingOptions { TopK = 50 }, config.Options);
        Assert.Equal(20, config.Options.NewTokenLimit(1000));
        Assert.Empty(config.EosIds);
    }

    [Fact]
    public void The_files_values_are_used()
    {
        GenerationConfig config = Load("""
            {"do_sample": true, "temperature": 0.6, "top_k": 0, "top_p": 0.9, "min_p": 0.05, "repetition_penalty": 1.1, "max_new_tokens": 7,
             "num_return_sequences": 3, "eos_token_id": [128001, 128009], "bos_token_id": 128000, "pad_token_id": null, "num_beams": 1,
             "typical_p": 0.95, "bad_words_ids": [ ], "stop_strings": "###", "transformers_version": "4.41.2", "future_field": 5}
            """);
        Assert.Equal(["###"], config.Options.StopStrings);
        Assert.Equal(
            new SamplingOptions
            {
                DoSample = true, Temperature = 0.6, TopP = 0.9, MinP = 0.05, TypicalP = 0.95, RepetitionPenalty = 1.1, MaxNewTokens = 7,
                StopStrings = config.Options.StopStrings,
            },
            config.Options);
        Assert.Equal((3, 128000, null), (config.AnswerCount, config.BosId, config.PadId));
        Assert.Equal([128001, 128009], config.EosIds);
        Assert.Equal(["future_field"], config.UnknownFields);
    }

    [Fact]
    public void Beams_are_read()
    {
        SamplingOptions options = Load("""{"num_beams": 4, "length_penalty": 0.6, "early_stopping": true}""").Options;
        Assert.Equal((4, 0.6, BeamStopping.AtOnce), (options.Beams, options.LengthPenalty, options.EarlyStopping));
        Assert.True(Load("""{"num_beams": 4, "renormalize_logits": true}""").Options.RenormalizeLogits);
        Assert.Equal(BeamStopping.Never, Load("""{"early_stopping": "never"}""").Options.EarlyStopping);
        Assert.Equal(BeamStopping.Heuristic, Load("""{"early_stopping": false}""").Options.EarlyStopping);
    }

    [Fact]
    public void Sampling_without_top_k_in_the_file_uses_50() =>
        Assert.Equal(50, Load("""{"do_sample": true, "eos_token_id": 128001}""").Options.TopK);

    [Fact]
    public void Max_length_counts_the_prompt_and_gives_way_to_max_new_tokens()
    {
        SamplingOptions options = Load("""{"max_length": 4096}""").Options;
        Assert.Equal(4000, options.NewTokenLimit(96));
        Assert.Equal(5, (options with { MaxNewTokens = 5 }).NewTokenLimit(96));
        Assert.Contains("max_length", Assert.Throws<InputException>(() => options.NewTokenLimit(4096)).Message);
    }

    [Theory]
    [InlineData("""{"num_beams": 4, "do_sample": true}""", "num_beams")]
    [InlineData("""{"num_beams": 400}""", "num_beams")]
    [InlineData("""{"num_beams": 4, "early_stopping": "soon"}""", "early_stopping")]
    [InlineData("""{"num_beams": 4, "num_beam_groups": 2}""", "num_beam_groups")]
    [InlineData("""{"penalty_alpha": 0.6}""", "penalty_alpha")]
    [InlineData("""{"no_repeat_ngram_size": 3}""", "no_repeat_ngram_size")]
    [InlineData("""{"suppress_tokens": [1, 2]}""", "suppress_tokens")]
    [InlineData("""{"min_new_tokens": 5}""", "min_new_tokens")]
    [InlineData("""{"temperature": "hot"}""", "temperature")]
    [InlineData("""{"do_sample": true, "temperature": 0}""", "temperature")]
    [InlineData("""{"top_k": 1.5}""", "top_k")]
    [InlineData("""{"top_p": 1.5}""", "top_p")]
    [InlineData("""{"eos_token_id": [1, "two"]}""", "eos_token_id")]
    [InlineData("""[1]""", "object")]
    [InlineData("""{"top_k": 50""", "JSON")]
    public void What_cannot_be_honoured_is_refused_by_name(string json, string name)
    {
        InputException e = Assert.Throws<InputException>(() => Load(json));
        Assert.Contains(name, e.Message);
        Assert.Contains(GenerationConfig.FileName, e.Where);
        Assert.NotNull(e.Fix);
    }

    [Fact]
    public void A_temperature_of_0_without_sampling_is_no_error() =>
        Assert.False(Load("""{"do_sample": false, "temperature": 0.0}""").Options.DoSample);

    [Theory]
    [InlineData("models/stories260K-hf", new[] { 1, 2 })]
    [InlineData("models/tinystories-656k-hf", new[] { 2 })]
    public void Real_files_load(string folder, int[] eos)
    {
        GenerationConfig config = GenerationConfig.Load(SharedData.Require(folder));
        Assert.Equal(eos, config.EosIds);
        Assert.Equal(1, config.BosId);
        Assert.Empty(config.UnknownFields);
    }

    private static GenerationConfig Load(string json)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File(GenerationConfig.FileName), json);
        return GenerationConfig.Load(folder.Path);
    }
}
