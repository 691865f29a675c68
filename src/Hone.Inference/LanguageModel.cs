using System.Runtime.CompilerServices;
using Hone.Data;
using Hone.Models;
using Hone.Text;

namespace Hone.Inference;

/// <summary>
/// A language model from a Hugging Face folder, ready to chat: weights, tokenizer, chat template, generation settings and
/// the union of all declared stop ids. Calls may come from several threads and are served one after the other.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    private readonly PretrainedModel _model;

    private LanguageModel(PretrainedModel model, SamplingFormat format) =>
        (_model, Engine) = (model, model.CreateEngine(KeptBetween.Prefixes, format));

    public Tokenizer Tokenizer => _model.Text.Tokenizer;

    /// <summary>The folder's <c>generation_config.json</c>.</summary>
    public GenerationConfig GenerationConfig => _model.GenerationConfig;

    /// <summary>The options that hold when none are given; change them with <c>with { ... }</c>.</summary>
    public SamplingOptions Defaults => GenerationConfig.Options;

    /// <summary>What ends an answer: the ids of config, generation config and tokenizer together.</summary>
    public StopRules Stops => _model.Stops;

    /// <summary>The engine below, for many prompts or answers at once.</summary>
    public IGenerationEngine Engine { get; }

    public TransformerConfig Config => _model.Model.Config;

    /// <summary>How the model's conversations become tokens.</summary>
    public ModelText Text => _model.Text;

    /// <summary>Loads a model folder.</summary>
    /// <param name="folder">Holds config.json, safetensors files and tokenizer.json.</param>
    /// <param name="device">auto, cpu, cuda or cuda:N.</param>
    /// <param name="dtype">What is computed in: float32 or bfloat16.</param>
    /// <exception cref="InputException">A file is missing, damaged or not supported, or the device is not there.</exception>
    /// <param name="format">The number format of sampling.</param>
    public static LanguageModel FromPretrained(
        string folder, string device = "cpu", string dtype = "float32", SamplingFormat format = SamplingFormat.Auto) =>
        new(PretrainedModel.OpenToSample(folder, ComputeTarget.Parse(device, dtype)), format);

    /// <summary>Ids of a conversation in the model's own chat format.</summary>
    /// <param name="messages">The turns so far.</param>
    /// <param name="addGenerationPrompt">
    /// True to let the assistant speak next: without it a model goes on with the last turn, or begins one of its own choosing.
    /// </param>
    /// <exception cref="InputException">The folder has no chat template, or the template refuses the conversation.</exception>
    public int[] ApplyChatTemplate(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        if (Text.Chat is not { } chat)
            throw new InputException("the model has no chat template: it is a base model, which goes on with a text", _model.Path,
                "Encode a text with Tokenizer.Encode, or put a chat_template.jinja into the folder (hone chat --template NAME).");
        return chat.Render(messages, addGenerationPrompt).Ids;
    }

    /// <summary>One answer. The ids of the prompt are not part of it.</summary>
    /// <param name="promptIds">The prompt as the model sees it, begin-of-text token included.</param>
    /// <param name="options">Null for <see cref="Defaults"/>.</param>
    /// <param name="cancel">Stops at the next token.</param>
    /// <exception cref="InputException">The prompt is empty or too long, or an option is out of range.</exception>
    public Completion Generate(int[] promptIds, SamplingOptions? options = null, CancellationToken cancel = default) =>
        Engine.Generate([new GenerationRequest(promptIds, options ?? Defaults)], cancel: cancel)[0];

    /// <summary>One answer's text as it is sampled, in pieces of whole characters, without the stop token or string.</summary>
    /// <param name="promptIds">The prompt as the model sees it, begin-of-text token included.</param>
    /// <param name="options">Null for <see cref="Defaults"/>.</param>
    /// <param name="cancel">Stops at the next token.</param>
    /// <exception cref="InputException">The prompt is empty or too long, or an option is out of range.</exception>
    public async IAsyncEnumerable<string> StreamAsync(
        int[] promptIds, SamplingOptions? options = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach ((string piece, GeneratedToken _) in StreamTokensAsync(promptIds, options, cancel).ConfigureAwait(false))
            if (piece.Length > 0) yield return piece;
    }

    /// <summary>The tokens of one answer with the text that each completes, which may be none.</summary>
    /// <inheritdoc cref="StreamAsync" path="/param"/>
    /// <inheritdoc cref="StreamAsync" path="/exception"/>
    internal async IAsyncEnumerable<(string Piece, GeneratedToken Token)> StreamTokensAsync(
        int[] promptIds, SamplingOptions? options, [EnumeratorCancellation] CancellationToken cancel)
    {
        var request = new GenerationRequest(promptIds, options ?? Defaults);
        StreamDecoder decoder = Tokenizer.StartDecoding(skipSpecial: true);
        var matcher = new StopStringMatcher(request.Options.StopStrings);
        await foreach (GeneratedToken token in Engine.StreamAsync([request], cancel).ConfigureAwait(false))
        {
            string piece = Stops.IsStop(token.Id) ? "" : matcher.Push(decoder.Push(token.Id));
            if (token.Answer is not null) piece += matcher.Push(decoder.Flush()) + matcher.Finish();
            yield return (piece, token);
        }
    }

    /// <summary>Text of ids, such as an answer's.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true) => Tokenizer.Decode(ids, skipSpecial);

    public void Dispose() => _model.Dispose();
}
