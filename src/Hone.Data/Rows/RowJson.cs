using System.Text.Json.Serialization;

namespace Hone.Data;

/// <summary>Column names and number formats of the files that Hone writes itself.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(ChatMessageJson)],
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SampleRow))]
[JsonSerializable(typeof(PairRow))]
internal sealed partial class RowJson : JsonSerializerContext;
