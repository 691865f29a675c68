using System.CommandLine;
using Hone.Evaluation;
using Hone.Text;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary>A model to be asked: one in this process, or one behind an endpoint.</summary>
/// <param name="Parameters">Number of weights; null where unknown.</param>
internal sealed record AskedModel(ILanguageModel Model, long? Parameters) : IDisposable
{
    public ModelInfo Info => Model.Info;

    public void Dispose() => (Model as IDisposable)?.Dispose();
}

/// <summary>The flags that name the model to be asked; with a prefix those of a second one, such as <c>--judge-model</c>.</summary>
internal sealed class ModelFlags
{
    private readonly Option<string?> _model, _tokenizer, _template;
    private readonly Option<string[]> _baseUrl;
    private readonly Option<int> _concurrency;
    private readonly Option<bool> _noBos;
    private readonly Option<string> _device, _dtype;
    private readonly string _name;

    /// <param name="prefix">Empty, or such as <c>judge-</c>.</param>
    /// <param name="bos">Whether --no-bos is offered, which only texts need.</param>
    public ModelFlags(Command command, string prefix = "", bool bos = true)
    {
        _name = $"--{prefix}model";
        _model = new(_name) { Description = $"Folder of the model, or owner/name of one on a hub; with --{prefix}base-url its id there." };
        _baseUrl = new($"--{prefix}base-url")
        {
            Description = "Ask an OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1, or several that serve the same model. "
                + "Their key is taken from OPENAI_API_KEY.",
            AllowMultipleArgumentsPerToken = true,
        };
        _tokenizer = new($"--{prefix}tokenizer")
        {
            Description = $"With --{prefix}base-url: folder of the model's tokenizer; prompts are sent as token ids.",
        };
        _concurrency = new($"--{prefix}num-concurrent")
        {
            Description = $"With --{prefix}base-url: requests at a time at each; default 8.",
            DefaultValueFactory = _ => 8,
        };
        _noBos = new($"--{prefix}no-bos") { Description = "Do not begin texts with BOS, as the harness did before November 2025." };
        _template = TemplateFlag.Create(prefix);
        _device = new($"--{prefix}device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto" };
        _dtype = new($"--{prefix}dtype") { Description = "float32 or bfloat16.", DefaultValueFactory = _ => "float32" };
        Option[] all = [_model, _baseUrl, _tokenizer, _concurrency, .. bos ? (Option[])[_noBos] : [], _template, _device, _dtype];
        foreach (Option option in all) command.Add(option);
    }

    /// <exception cref="InputException">No model is named, it cannot be opened, or the endpoint does not serve it.</exception>
    public AskedModel Open(ParseResult parsed, Streams io)
    {
        bool bos = !parsed.GetValue(_noBos);
        if (CommaList.Of(parsed.GetValue(_baseUrl)) is { Length: > 0 } addresses)
            return new AskedModel(Connect(parsed, io, [.. addresses.Select(EndpointSettings.Address)], bos), null);
        if (parsed.GetValue(_tokenizer) is not null)
            throw new InputException($"{_tokenizer.Name} is for an endpoint",
                fix: $"A model in this process has its own tokenizer: leave it out, or give {_baseUrl.Name}.");
        var local = LocalLanguageModel.Open(
            io.Model(parsed.GetValue(_model) ?? throw new InputException($"{_name} is needed",
                fix: $"Give the folder of a model, its id on a hub, or an endpoint with {_baseUrl.Name}."),
                parsed.GetValue(_template)),
            parsed.GetRequiredValue(_device), parsed.GetRequiredValue(_dtype), bos);
        return new AskedModel(local, local.Parameters);
    }

    private ILanguageModel Connect(ParseResult parsed, Streams io, Uri[] addresses, bool bos)
    {
        if (parsed.GetValue(_template) is not null && parsed.GetValue(_tokenizer) is null)
            throw new InputException($"{_template.Name} needs the model's tokenizer: the endpoint renders conversations on its own",
                fix: $"Give {_tokenizer.Name}, or leave it out.");
        string? folder = parsed.GetValue(_tokenizer) is { } given ? io.Model(given, parsed.GetValue(_template)) : null;
        if (!bos && folder is null)
            throw new InputException("--no-bos needs the model's tokenizer: the endpoint decides on its own what a text begins with",
                fix: $"Give {_tokenizer.Name}.");
        EndpointSettings[] settings = [.. addresses.Select(address => new EndpointSettings
        {
            BaseUrl = address,
            Model = parsed.GetValue(_model),
            ApiKey = Environment.GetEnvironmentVariable("OPENAI_API_KEY"),
            Concurrency = parsed.GetValue(_concurrency),
        })];
        Func<int?, PromptTokens>? tokens = folder is null ? null : context => Tokens(folder, context, bos);
        return settings is [var only]
            ? EndpointLanguageModel.ConnectAsync(only, tokens, TimeProvider.System).GetAwaiter().GetResult()
            : EndpointFleet.ConnectAsync(settings, tokens, io.Error.WriteLine, TimeProvider.System).GetAwaiter().GetResult();
    }

    private static PromptTokens Tokens(string folder, int? context, bool bos)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        int length = context ?? (File.Exists(Path.Combine(folder, "config.json")) ? Models.ConfigFile.Load(folder).MaxPositions
            : throw new InputException(
                "the endpoint does not tell the model's context length, and there is no config.json beside the tokenizer", folder));
        return new PromptTokens(tokenizer,
            ChatTemplate.TryLoad(folder) is { } template ? new ChatFormat(tokenizer, template) : null, length, bos, folder);
    }
}
