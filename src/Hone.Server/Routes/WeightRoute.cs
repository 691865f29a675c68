using System.Text.Json.Nodes;

namespace Hone.Server;

/// <summary>SGLang's <c>/update_weights_from_disk</c>, with <c>model</c> where several are served.</summary>
internal static class WeightRoute
{
    public static async Task AnswerAsync(Exchange exchange, WeightStore? store)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        string path = fields.Needed("model_path");
        (string? model, string? version) = (fields.Text("model"), fields.Text("weight_version"));
        _ = fields.Flag("flush_cache"); // there is no cache that would outlive its weights
        fields.End();
        if (store is null)
            throw new ApiException(403, "no weights can be replaced: the server was started without --weights DIR", code: "no_weights");
        await store.LoadAsync(model, path, version, exchange.Models).ConfigureAwait(false);
        await exchange.WriteAsync(new JsonObject { ["success"] = true, ["message"] = "Succeeded to update model weights." })
            .ConfigureAwait(false);
    }
}
