using System.Text.Json;
using System.Text.Json.Serialization;
using Hone.Text;
using Hone.Text.Chat;

namespace Hone.Data;

/// <summary>A message in Hone's own files: <c>role</c> and <c>content</c>, which may also be a list of parts of text.</summary>
internal sealed class ChatMessageJson : JsonConverter<ChatMessage>
{
    public override ChatMessage Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        JsonElement message = JsonElement.ParseValue(ref reader);
        if (message.ValueKind != JsonValueKind.Object) throw new JsonException("a message is an object with role and content");
        return new ChatMessage(Field(message, "role"), Field(message, "content"));
    }

    public override void Write(Utf8JsonWriter writer, ChatMessage value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("role", value.Role);
        writer.WriteString("content", value.Content);
        writer.WriteEndObject();
    }

    private static string Field(JsonElement message, string name)
    {
        if (!message.TryGetProperty(name, out JsonElement value)) throw new JsonException($"a message has no `{name}`");
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Array when name == "content" => ContentParts.Flatten(value, "`content`"),
            _ => throw new JsonException($"`{name}` of a message is {DataRecord.Name(value.ValueKind)}, not text"),
        };
    }
}
