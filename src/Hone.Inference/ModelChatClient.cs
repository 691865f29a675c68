using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using TextMessage = Hone.Text.ChatMessage;

namespace Hone.Inference;

/// <summary>
/// A language model as an <see cref="IChatClient"/> of Microsoft.Extensions.AI: the model's own chat template, streaming, usage. What
/// a caller asks for and the model cannot do (tools, images) is refused by name, not ignored.
/// </summary>
/// <param name="model">Stays the caller's.</param>
public sealed class ModelChatClient(LanguageModel model) : IChatClient
{
    /// <inheritdoc/>
    /// <exception cref="InputException">The template refuses the conversation, or an option cannot be honoured.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages,
        ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="InputException">The template refuses the conversation, or an option cannot be honoured.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        SamplingOptions sampling = Sampling(options ?? new ChatOptions());
        int[] prompt = model.ApplyChatTemplate(Turns(messages, options?.Instructions), addGenerationPrompt: true);
        string id = Guid.NewGuid().ToString("N");
        ChatResponseUpdate Update(IList<AIContent> contents) => new(ChatRole.Assistant, contents)
        {
            ResponseId = id, MessageId = id, ModelId = options?.ModelId,
        };
        int sampled = 0;
        Completion? answer = null;
        IAsyncEnumerable<(string, GeneratedToken)> tokens = model.StreamTokensAsync(prompt, sampling, cancellationToken);
        await foreach ((string piece, GeneratedToken token) in tokens.ConfigureAwait(false))
        {
            sampled++;
            answer = token.Answer;
            if (piece.Length > 0) yield return Update([new TextContent(piece)]);
        }
        ChatResponseUpdate last = Update([new UsageContent(new UsageDetails
        {
            InputTokenCount = prompt.Length, OutputTokenCount = sampled, TotalTokenCount = prompt.Length + sampled,
        })]);
        last.FinishReason = answer!.FinishReason == FinishReasons.Stop ? ChatFinishReason.Stop : ChatFinishReason.Length;
        yield return last;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(model) ? model
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("hone")
        : null;

    /// <summary>Nothing: the model is the caller's.</summary>
    public void Dispose()
    {
    }

    private SamplingOptions Sampling(ChatOptions options)
    {
        if (options.Tools is { Count: > 0 }) throw Refused("Tools");
        if (options.ConversationId is not null) throw Refused("ConversationId");
        if (options.AdditionalProperties is { Count: > 0 } more) throw Refused($"AdditionalProperties[{more.Keys.First()}]");
        SamplingOptions usual = model.Defaults;
        SamplingOptions sampling = usual.AtTemperature(options.Temperature) with
        {
            TopP = options.TopP ?? usual.TopP,
            TopK = options.TopK ?? usual.TopK,
            FrequencyPenalty = options.FrequencyPenalty ?? usual.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty ?? usual.PresencePenalty,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : unchecked((ulong)Random.Shared.NextInt64()),
            StopStrings = options.StopSequences is { Count: > 0 } stops ? [.. stops] : usual.StopStrings,
            MaxNewTokens = options.MaxOutputTokens ?? usual.MaxNewTokens,
            Constraint = options.ResponseFormat switch
            {
                null or ChatResponseFormatText => usual.Constraint,
                ChatResponseFormatJson { Schema: { } schema } => OutputConstraint.JsonSchema(schema.GetRawText()),
                ChatResponseFormatJson => OutputConstraint.JsonObject,
                _ => throw Refused("ResponseFormat other than text and JSON"),
            },
        };
        sampling.Validate("the options of the chat");
        return sampling;
    }

    private static List<TextMessage> Turns(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, string? instructions)
    {
        List<TextMessage> turns = instructions is { Length: > 0 } ? [TextMessage.System(instructions)] : [];
        foreach (Microsoft.Extensions.AI.ChatMessage message in messages)
        {
            foreach (AIContent content in message.Contents)
                if (content is not TextContent) throw Refused($"content of type {content.GetType().Name}");
            turns.Add(new TextMessage(message.Role.Value, message.Text));
        }
        return turns;
    }

    private static InputException Refused(string what) => new($"{what} is asked for, and this model's client does not have it",
        "the chat", "Leave it out, or serve the model with hone serve and ask there.");
}
