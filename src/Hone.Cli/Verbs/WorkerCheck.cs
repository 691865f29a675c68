using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Workflow.Workers;

namespace Hone.Cli;

/// <summary><c>hone doctor --workers</c>: what inference servers are and whether they can be used.</summary>
internal static class WorkerCheck
{
    /// <param name="model">Folder of the model that they should answer with; null leaves that unproved.</param>
    /// <returns>Whether all of them can be used.</returns>
    public static bool Run(Streams io, string[] addresses, string? model, WorkerOptions options, bool json)
    {
        using PretrainedModel? policy = model is null ? null
            : PretrainedModel.OpenLanguageModel(io.Model(model, null), ComputeTarget.Parse("auto", "float32"));
        Fingerprint? fingerprint = policy is null ? null : new Fingerprint(policy, options.Tolerance);
        bool all = true;
        var list = new JsonArray();
        foreach (string address in addresses)
        {
            using var worker = new Worker(address, options, TimeProvider.System);
            string? problem = null, weights = null;
            try
            {
                worker.ConnectAsync(CancellationToken.None).GetAwaiter().GetResult();
                if (fingerprint is not null && worker.Language is not null)
                {
                    double distance = fingerprint.CheckAsync(worker, [], CancellationToken.None).GetAwaiter().GetResult();
                    weights = FormattableString.Invariant($"those of {model}: {distance:G2} nats per token from here");
                }
            }
            catch (Exception e) when (e is EndpointException or InputException)
            {
                (problem, all) = (e.Message, false);
            }
            (string Name, JsonNode? Value)[] found =
            [
                ("worker", worker.Url),
                ("route", worker.Route is { } route ? $"/{route.Path}" : null),
                ("model", worker.Language?.Name),
                ("reward_model", worker.Reward?.Name),
                ("weight_version", worker.Language?.Told),
                .. weights is null ? [] : new (string, JsonNode?)[] { ("weights", weights) },
                .. problem is null ? [] : new (string, JsonNode?)[] { ("problem", problem) },
            ];
            if (json) list.Add(new JsonObject(found.Select(f => KeyValuePair.Create(f.Name, f.Value))));
            else ResultPrinter.Print(io.Out, json: false, found);
            if (worker.IsConnected && PublicAddress.Is(worker.Url) && IsOpen(address, options))
                io.Error.WriteLine($"warning: {worker.Url} answers without a key on an address that is neither loopback nor private. "
                    + "vLLM's key leaves routes open that change its weights: bind it to a private network.");
        }
        if (json) ResultPrinter.PrintJson(io.Out, list);
        return all;
    }

    /// <summary>Whether it answers somebody who has no key.</summary>
    private static bool IsOpen(string address, WorkerOptions options)
    {
        using var stranger = new Worker(address, options, TimeProvider.System, hasKey: false);
        try
        {
            stranger.ConnectAsync(CancellationToken.None).GetAwaiter().GetResult();
            return true;
        }
        catch (Exception e) when (e is EndpointException or InputException)
        {
            return false;
        }
    }
}
