using System.Text.Json.Nodes;

namespace Hone.Server;

/// <summary>What is served and how it goes: <c>/health</c>, <c>/metrics</c>, <c>/v1/models</c>.</summary>
internal static class InfoRoutes
{
    public static Task HealthAsync(Exchange exchange) => exchange.WriteAsync(new JsonObject { ["status"] = "ok" });

    public static Task MetricsAsync(Exchange exchange) =>
        exchange.WriteAsync(exchange.Metrics.ToText(), "text/plain; version=0.0.4; charset=utf-8");

    public static Task ModelsAsync(Exchange exchange) => exchange.WriteAsync(new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. exchange.Models.All.Select(m => Describe(m, exchange.Now))]),
    });

    public static Task ModelAsync(Exchange exchange)
    {
        string name = exchange.Http.Request.Path.Value!["/v1/models/".Length..];
        return exchange.WriteAsync(Describe(exchange.Models.Find(name), exchange.Now));
    }

    private static JsonObject Describe(ServedModel model, DateTimeOffset now) => new()
    {
        ["id"] = model.Name,
        ["object"] = "model",
        ["created"] = now.ToUnixTimeSeconds(),
        ["owned_by"] = "hone",
        ["max_model_len"] = model.Context,
        ["kind"] = model.IsReward ? "reward" : "language",
        ["weight_version"] = model.Version,
        ["chat"] = model.Chat is not null,
        // Null: calls of tools come back as text.
        ["tool_calls"] = model.Tools?.Name,
    };
}
