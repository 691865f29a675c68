using System.Text.Json.Nodes;
using Hone.Workflow.World;

namespace Hone.Cli.Tests;

[CollectionDefinition(nameof(ExportTests), DisableParallelization = true)]
public class AloneCollection;

/// <summary>Says by the environment of the whole process where caches are, so it runs alone.</summary>
[Collection(nameof(ExportTests))]
public sealed class ExportTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _model;
    private readonly string? _cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");

    public ExportTests()
    {
        _model = TinyModel.Write(_folder.File("model"));
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _folder.File("cache"));
    }

    [Fact]
    public void A_model_answers_from_its_gguf_file_as_from_its_folder()
    {
        string file = _folder.File("out/tiny.gguf");
        JsonNode facts = Command.Done("export", _model, "--gguf", "f32", "--output", file, "--json").Json;
        Assert.Equal("F32", (string?)facts["type"]);
        Assert.Equal(new FileInfo(file).Length, (long)facts["bytes"]!);
        string[] chat = ["--prompt", "Where is the lamp?", "--temperature", "0", "--max-new-tokens", "24", "--device", "cpu"];
        Assert.Equal(Command.Done(["chat", _model, .. chat]).Out, Command.Done(["chat", file, .. chat]).Out);
        string rows = _folder.File("rows.jsonl");
        File.WriteAllText(rows, """{"text": "Where is the lamp? There."}""" + "\n");
        Assert.Equal(Command.Done("logprobs", "--model", _model, "--input", rows).Out,
            Command.Done("logprobs", "--model", file, "--input", rows).Out);
    }

    [Fact]
    public void A_model_card_and_a_modelfile_stand_beside_the_file()
    {
        File.WriteAllText(Path.Combine(_model, "README.md"),
            "---\nlibrary_name: transformers\nlicense: mit\nbase_model: owner/name\n---\n\n# Mine\n\nText.\n");
        string file = _folder.File("out/tiny.gguf");
        Command.Done("export", _model, "--gguf", "Q8_0", "--output", file);
        string modelfile = File.ReadAllText(_folder.File("out/Modelfile"));
        Assert.StartsWith("FROM ./tiny.gguf\n", modelfile, StringComparison.Ordinal);
        Assert.Contains($"PARAMETER stop \"{WorldTokenizer.End}\"\n", modelfile, StringComparison.Ordinal);
        Assert.Contains("PARAMETER temperature 1\n", modelfile, StringComparison.Ordinal);
        string card = File.ReadAllText(_folder.File("out/README.md"));
        Assert.StartsWith("---\nlibrary_name: gguf\npipeline_tag: text-generation\nlicense: mit\nbase_model: owner/name\n---\n", card,
            StringComparison.Ordinal);
        Assert.Contains("ollama create my-model -f Modelfile", card, StringComparison.Ordinal);
        Assert.Contains("# Mine\n\nText.", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_there_already_stay()
    {
        Directory.CreateDirectory(_folder.File("out"));
        foreach (string name in new[] { "README.md", "Modelfile" }) File.WriteAllText(_folder.File("out/" + name), "mine");
        Result result = Command.Done("export", _model, "--gguf", "F16", "--output", _folder.File("out/tiny.gguf"));
        Assert.Contains("note: README.md is there already and stays as it is", result.Error, StringComparison.Ordinal);
        foreach (string name in new[] { "README.md", "Modelfile" }) Assert.Equal("mine", File.ReadAllText(_folder.File("out/" + name)));
        Assert.Contains("there is something here already",
            Command.Refused("export", _model, "--gguf", "F16", "--output", _folder.File("out/tiny.gguf")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_type_or_name_and_a_reward_model_are_refused()
    {
        Assert.Contains("--gguf is Q6_K, it must be one of F32, F16, BF16, Q8_0, Q4_0",
            Command.Refused("export", _model, "--gguf", "Q6_K", "--output", "x.gguf"), StringComparison.Ordinal);
        Assert.Contains("must end in .gguf", Command.Refused("export", _model, "--gguf", "F16", "--output", _folder.File("x.bin")),
            StringComparison.Ordinal);
        string reward = TinyModel.WriteReward(_folder.File("reward"));
        Assert.Contains("it is a reward model", Command.Refused("export", reward, "--gguf", "F16", "--output", _folder.File("x.gguf")),
            StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("x.gguf")));
    }

    [Fact]
    public void A_broken_gguf_file_is_refused()
    {
        string file = _folder.File("x.gguf");
        File.WriteAllText(file, "GGUF but nothing else");
        Assert.Contains("GGUF version", Command.Refused("chat", file, "--prompt", "Hello"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _cache);
        _folder.Dispose();
    }
}
