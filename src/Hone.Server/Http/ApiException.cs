using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Server;

/// <summary>A refused request, in the format of the OpenAI API.</summary>
/// <param name="param">The field that is to blame; null where it is none.</param>
/// <param name="code">A word for programs, such as <c>model_not_found</c>.</param>
internal sealed class ApiException(int status, string message, string? param = null, string? code = null) : Exception(message)
{
    private byte[]? _openAI, _ollama;

    public int Status => status;

    /// <summary>The body of the answer, made once: the same may be told to thousands.</summary>
    public byte[] Body(ErrorStyle style) => style == ErrorStyle.OpenAI
        ? _openAI ??= JsonSerializer.SerializeToUtf8Bytes(ToJson(), Exchange.Written)
        : _ollama ??= JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["error"] = Message }, Exchange.Written);

    public static ApiException Invalid(string message, string? param = null, string? code = null) => new(400, message, param, code);

    public static ApiException NotSupported(string name, string? instead = null) =>
        Invalid($"`{name}` is not supported by this server{(instead is null ? "" : $": {instead}")}", name, "unsupported_parameter");

    public JsonObject ToJson() => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = Message,
            ["type"] = status switch
            {
                401 => "authentication_error",
                429 => "rate_limit_error",
                < 500 => "invalid_request_error",
                _ => "server_error",
            },
            ["param"] = param,
            ["code"] = code,
        },
    };
}
