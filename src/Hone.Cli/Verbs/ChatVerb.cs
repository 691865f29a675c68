using System.CommandLine;
using Hone.Data;
using Hone.Inference;

namespace Hone.Cli;

/// <summary><c>hone chat MODEL</c>: talk to a model.</summary>
internal static class ChatVerb
{
    // generate's own default of 20 tokens ends most answers in the middle of a sentence.
    private const int UsualNewTokens = 512, UsualSeed = 42;

    public static Command Create(Streams io)
    {
        var folder = new Argument<string>("model") { Description = "Folder of the model (Hugging Face layout)." };
        var prompt = new TextOption("--prompt") { Description = "Answer this text and end, instead of reading turns." };
        var system = new TextOption("--system") { Description = "System prompt." };
        var command = new Verb("chat", "Talk to a model, in turns or once.", """
            What generation_config.json of the model says holds, where no flag is given. The same seed and the same turns
            give the same answers. /help lists what can be typed between turns (/system, /set, /seed, /save, /reset, /exit);
            Ctrl+C stops an answer.

            Examples:
              hone chat runs/2025-01-31-quickstart/model
              hone chat models/sft --prompt "Where is the lamp?" --temperature 0
            """)
        { folder, prompt, system };
        Option<string?> template = TemplateFlag.Create();
        command.Add(template);
        var sampling = new SamplingFlags(command);
        var seed = new Option<int?>("--seed") { Description = $"Seed of the answers; default {UsualSeed}." };
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto" };
        var dtype = new Option<string>("--dtype")
        {
            Description = "What is computed in: float32 or bfloat16.",
            DefaultValueFactory = _ => "float32",
        };
        command.Add(seed);
        command.Add(device);
        command.Add(dtype);
        Option<string?> format = FormatFlag.Create();
        command.Add(format);
        var answers = new AnswerFormatFlags(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            OutputConstraint? wanted = answers.Of(parsed);
            string path = io.Model(parsed.GetRequiredValue(folder), parsed.GetValue(template));
            using var model = LanguageModel.FromPretrained(
                path, parsed.GetRequiredValue(device), parsed.GetRequiredValue(dtype),
                FormatFlag.Of(parsed, format) ?? SamplingFormat.Auto);
            SamplingOptions options = Options(model.Defaults, sampling, parsed) with
            {
                Seed = (ulong)(parsed.GetValue(seed) ?? UsualSeed),
                Constraint = wanted,
            };
            options.Validate();
            sampling.Check(parsed, options.DoSample);
            if (model.GenerationConfig.UnknownFields is { Count: > 0 } unknown)
                io.Error.WriteLine($"{GenerationConfig.FileName}: {string.Join(", ", unknown)} unknown, and not used");
            var session = new ChatSession(model, model.Text, options, parsed.GetValue(system), io, common.Json(parsed));
            if (parsed.GetValue(prompt) is { } text)
            {
                if (model.Text.PlainNote is { } plain) io.Error.WriteLine(plain);
                session.Answer(text);
            }
            else session.Converse();
            return 0;
        });
        return command;
    }

    private static SamplingOptions Options(SamplingOptions model, SamplingFlags sampling, ParseResult parsed) =>
        model.AtTemperature(sampling.Temperature(parsed)) with
        {
            TopP = sampling.TopP(parsed) ?? model.TopP,
            TopK = sampling.TopK(parsed) ?? model.TopK,
            MaxNewTokens = sampling.MaxNewTokens(parsed) ?? model.MaxNewTokens ?? (model.MaxLength is null ? UsualNewTokens : null),
        };
}
