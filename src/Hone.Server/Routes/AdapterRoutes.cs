namespace Hone.Server;

/// <summary>vLLM's <c>/v1/load_lora_adapter</c> and <c>/v1/unload_lora_adapter</c>.</summary>
internal static class AdapterRoutes
{
    public static async Task LoadAsync(Exchange exchange, AdapterStore? store)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        (string name, string path) = (fields.Needed("lora_name"), fields.Needed("lora_path"));
        fields.End();
        Opened(store).Load(name, path, exchange.Models);
        await exchange.WriteAsync($"Success: LoRA adapter '{name}' added successfully.", "text/plain").ConfigureAwait(false);
    }

    public static async Task UnloadAsync(Exchange exchange, AdapterStore? store)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        string name = fields.Needed("lora_name");
        _ = fields.Get("lora_int_id");
        fields.End();
        await Opened(store).UnloadAsync(name, exchange.Models).ConfigureAwait(false);
        await exchange.WriteAsync($"Success: LoRA adapter '{name}' removed successfully.", "text/plain").ConfigureAwait(false);
    }

    private static AdapterStore Opened(AdapterStore? store) => store
        ?? throw new ApiException(403, "no adapters can be loaded: the server was started without --adapters DIR", code: "no_adapters");
}
