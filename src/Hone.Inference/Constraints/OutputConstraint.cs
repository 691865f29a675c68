using System.Text.Json;
using Hone.Inference.Constraints;

namespace Hone.Inference;

/// <summary>
/// The format of an answer: every answer is a text of it (or the beginning of one, where the answer's length ends it), and is
/// sampled from the model's own distribution over what the format allows next. Equal where it was made from the same text.
/// </summary>
public sealed class OutputConstraint : IEquatable<OutputConstraint>
{
    private const int LargestSchema = 256 << 10, MostChoices = 1000;
    private readonly (string Kind, string Text) _source;

    private OutputConstraint(string kind, string text, Func<Network, Part> read)
    {
        _source = (kind, text);
        Network = new Network();
        int whole = Network.AddRule();
        try
        {
            Network.Define(whole, read(Network));
            Network.Close();
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{kind} holds half a character: {e.Message}", fix: "Write whole characters.", inner: e);
        }
    }

    /// <summary>Any JSON object, nested at most 24 deep.</summary>
    public static OutputConstraint JsonObject { get; } = new("a JSON object", "", network => new JsonGrammar(network).AnyObject);

    internal Network Network { get; }

    /// <summary>A text that all of the pattern matches: characters, classes, groups, |, *, +, ?, {n,m}.</summary>
    /// <exception cref="InputException">It is no such pattern, or too large.</exception>
    public static OutputConstraint Regex(string pattern) =>
        new("the pattern", pattern, _ => RegexParser.Parse(pattern, Parts.Chars, finds: false));

    /// <summary>
    /// JSON of a schema (draft 2020-12): type, enum, const, properties, required, additionalProperties, items, prefixItems, minItems,
    /// maxItems, minLength, maxLength, pattern, format (date, time, date-time, uuid, ipv4), minimum and maximum of integers, anyOf, oneOf
    /// whose alternatives are told apart, $ref into the schema. Properties come in the schema's order. Recursion goes 24 deep.
    /// </summary>
    /// <exception cref="InputException">It is no JSON, no schema, too large, or uses another keyword; the message names it.</exception>
    public static OutputConstraint JsonSchema(string schema)
    {
        if (schema.Length > LargestSchema)
            throw new InputException($"the schema has {schema.Length} characters, more than {LargestSchema}", fix: "Make it smaller.");
        try
        {
            using var document = JsonDocument.Parse(schema, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return new OutputConstraint("the schema", schema, network =>
                new JsonSchemaReader(document.RootElement, new JsonGrammar(network)).Read());
        }
        catch (JsonException e)
        {
            throw new InputException($"the schema is not valid JSON: {e.Message}", fix: "Correct it.", inner: e);
        }
    }

    /// <summary>One of some texts.</summary>
    /// <exception cref="InputException">There is none, or an empty one.</exception>
    public static OutputConstraint Choice(IReadOnlyList<string> texts) =>
        texts.Count is > 0 and <= MostChoices && texts.All(t => t.Length > 0)
            ? new("the choice", JsonSerializer.Serialize(texts), _ => Parts.Choice([.. texts.Select(Parts.Text)]))
            : throw new InputException(
                $"an answer's choice has {texts.Count} texts, or an empty one", fix: $"Give 1 to {MostChoices}, none empty.");

    /// <summary>Its kind and the text that it was made from.</summary>
    public override string ToString() => $"{_source.Kind} {_source.Text}".TrimEnd();

    /// <inheritdoc/>
    public bool Equals(OutputConstraint? other) => other is not null && _source == other._source;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OutputConstraint);

    /// <inheritdoc/>
    public override int GetHashCode() => _source.GetHashCode();
}
