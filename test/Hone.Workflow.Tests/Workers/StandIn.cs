using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hone.Workflow.Tests.Workers;

/// <summary>Whose routes a stand-in speaks.</summary>
internal enum Speaks
{
    /// <summary>vllm/entrypoints/serve/disagg and vllm/entrypoints/serve/lora.</summary>
    Vllm,

    /// <summary>sglang/srt/entrypoints/http_server.py and managers/io_struct.py.</summary>
    Sglang,

    /// <summary>A proxy that passes /v1/completions on.</summary>
    Completions,
}

/// <summary>
/// A stand-in for inference servers that are not at hand: their routes as their sources have them, answered by an engine of Hone's, with
/// whatever a test makes go wrong.
/// </summary>
internal sealed class StandIn : IAsyncDisposable
{
    private readonly Speaks _speaks;
    private readonly SamplingFormat _format;
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Served> _adapters = new();
    private Served _model;
    private string _version = "default";

    private StandIn(string folder, Speaks speaks, SamplingFormat format)
    {
        (_speaks, _format) = (speaks, format);
        _model = Open(folder);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public string Url => _app.Urls.Single();

    /// <summary>Bodies of the requests for answers, other than those of fingerprints.</summary>
    public ConcurrentQueue<JsonNode> Asked { get; } = [];

    /// <summary>Bodies of all requests for answers.</summary>
    public ConcurrentQueue<JsonNode> All { get; } = [];

    /// <summary>Adapters are loaded, and the base answers all the same.</summary>
    public bool ForgetsAdapters { get; set; }

    /// <summary>How many more requests to load something find no folder yet.</summary>
    public int LateFor { get; set; }

    /// <summary>The adapters that are loaded.</summary>
    public IEnumerable<string> Adapters => _adapters.Keys;

    /// <summary>Called before an answer; true where it has dealt with the request itself.</summary>
    public Func<HttpContext, JsonNode, Task<bool>>? Before { get; set; }

    /// <summary>Changes an answer.</summary>
    public Func<JsonNode, JsonNode, JsonNode>? Change { get; set; }

    /// <param name="format">Of the numbers that it computes with.</param>
    public static async Task<StandIn> StartAsync(string folder, Speaks speaks, SamplingFormat format)
    {
        var server = new StandIn(folder, speaks, format);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Other weights behind the same name, as after a restart.</summary>
    public void Swap(string folder) => _model = Open(folder);

    public async Task KillAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (Served served in _adapters.Values.Append(_model)) served.Model.Dispose();
    }

    /// <summary>Whether a request is one of a fingerprint: one greedy answer, or the tries of the settings.</summary>
    public static bool IsProof(JsonNode body)
    {
        JsonNode sampling = body["sampling_params"] ?? body;
        return (int)(sampling["max_tokens"] ?? sampling["max_new_tokens"])! is 16 or 1;
    }

    private Served Open(string folder)
    {
        PretrainedModel model = PretrainedModel.Open(folder, ComputeTarget.Parse("cpu", "float32"));
        return new Served(model, model.CreateEngine(KeptBetween.Weights, _format));
    }

    private async Task AnswerAsync(HttpContext http)
    {
        string path = http.Request.Path.Value!;
        JsonNode body = http.Request.Method == "POST" ? (await JsonNode.ParseAsync(http.Request.Body))! : new JsonObject();
        switch (path)
        {
            case "/v1/load_lora_adapter" or "/load_lora_adapter" or "/update_weights_from_disk" when LateFor > 0:
                LateFor--;
                await ErrorAsync(http, _speaks == Speaks.Vllm ? 404 : 400, "No adapter found there, or no model.");
                return;
            case "/v1/models":
                await WriteAsync(http, new JsonObject
                {
                    ["data"] = new JsonArray([.. _adapters.Keys.Prepend("base").Select(id => new JsonObject
                    {
                        ["id"] = id, ["parent"] = id == "base" ? null : "base", ["max_model_len"] = _model.Model.Model.Config.MaxPositions,
                    })]),
                });
                return;
            case "/inference/v1/generate" when _speaks == Speaks.Vllm:
            case "/generate" when _speaks == Speaks.Sglang:
            case "/v1/completions" when _speaks == Speaks.Completions:
                await GenerateAsync(http, body);
                return;
            case "/v1/load_lora_adapter" when _speaks == Speaks.Vllm:
            case "/load_lora_adapter" when _speaks == Speaks.Sglang:
                if (!_adapters.TryAdd((string)body["lora_name"]!, Open((string)body["lora_path"]!)))
                    await ErrorAsync(http, 400, $"The lora adapter '{body["lora_name"]}' has already been loaded.");
                else await http.Response.WriteAsync("Success");
                return;
            case "/v1/unload_lora_adapter" when _speaks == Speaks.Vllm:
            case "/unload_lora_adapter" when _speaks == Speaks.Sglang:
                _adapters.TryRemove((string)body["lora_name"]!, out _);
                await http.Response.WriteAsync("Success");
                return;
            case "/update_weights_from_disk" when _speaks == Speaks.Sglang:
                (_model, _version) = (Open((string)body["model_path"]!), (string)body["weight_version"]!);
                await WriteAsync(http, new JsonObject { ["success"] = true, ["message"] = "Succeeded to update model weights." });
                return;
            default:
                http.Response.StatusCode = 404;
                await http.Response.WriteAsync("""{"detail":"Not Found"}""");
                return;
        }
    }

    private async Task GenerateAsync(HttpContext http, JsonNode body)
    {
        All.Enqueue(body);
        if (!IsProof(body)) Asked.Enqueue(body);
        if (Before is { } before && await before(http, body)) return;
        JsonNode sampling = _speaks == Speaks.Completions ? body : body["sampling_params"]!;
        string? name = (string?)(_speaks == Speaks.Sglang ? body["lora_path"] : body["model"]);
        Served? model = name is null or "base" || ForgetsAdapters ? _model : _adapters.GetValueOrDefault(name);
        if (model is null)
        {
            await ErrorAsync(http, 404, $"The model `{name}` does not exist.");
            return;
        }
        double temperature = (double)sampling["temperature"]!;
        int count = (int)sampling["n"]!;
        if (temperature == 0 && count > 1 && _speaks != Speaks.Sglang)
        {
            await ErrorAsync(http, 400, $"n must be 1 when using greedy sampling, got {count}.");
            return;
        }
        var options = new SamplingOptions
        {
            DoSample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopP = (double?)sampling["top_p"] ?? 1,
            TopK = Math.Max(0, (int?)sampling["top_k"] ?? 0),
            MaxNewTokens = (int)(sampling["max_tokens"] ?? sampling["max_new_tokens"])!,
            Seed = unchecked((ulong)((long?)sampling["seed"] ?? Random.Shared.NextInt64())),
        };
        int[] prompt = [.. (body["token_ids"] ?? body["input_ids"] ?? body["prompt"])!.AsArray().Select(id => (int)id!)];
        IReadOnlyList<Completion> answers =
            await model.Engine.Submit([new GenerationRequest(prompt, options, count)], http.RequestAborted).Completions;
        JsonNode json = _speaks switch
        {
            Speaks.Vllm => new JsonObject { ["request_id"] = "1", ["choices"] = new JsonArray([.. answers.Select(Vllm)]) },
            Speaks.Completions => new JsonObject { ["choices"] = new JsonArray([.. answers.Select(Completion)]) },
            _ => answers.Count == 1 ? Sglang(answers[0]) : new JsonArray([.. answers.Select(Sglang)]),
        };
        await WriteAsync(http, Change is { } change ? change(body, json) : json);
    }

    private sealed record Served(PretrainedModel Model, IGenerationEngine Engine);

    private static JsonArray Ids(Completion answer) => new([.. answer.Ids.Select(id => (JsonNode)id)]);

    private static JsonObject Vllm(Completion answer) => new()
    {
        ["index"] = answer.AnswerIndex,
        ["logprobs"] = new JsonObject
        {
            ["content"] = new JsonArray([.. answer.LogProbs.Select(p => new JsonObject { ["token"] = "x", ["logprob"] = p })]),
        },
        ["finish_reason"] = answer.FinishReason,
        ["token_ids"] = Ids(answer),
    };

    private static JsonObject Completion(Completion answer) => new()
    {
        ["index"] = answer.AnswerIndex,
        ["text"] = "",
        ["logprobs"] = new JsonObject { ["token_logprobs"] = new JsonArray([.. answer.LogProbs.Select(p => (JsonNode)p)]) },
        ["finish_reason"] = answer.FinishReason,
        ["token_ids"] = Ids(answer),
    };

    private JsonObject Sglang(Completion answer) => new()
    {
        ["text"] = "",
        ["output_ids"] = Ids(answer),
        ["meta_info"] = new JsonObject
        {
            ["finish_reason"] = new JsonObject { ["type"] = answer.FinishReason },
            ["weight_version"] = _version,
            ["output_token_logprobs"] =
                new JsonArray([.. answer.Ids.Zip(answer.LogProbs, (id, p) => new JsonArray((JsonNode)p, (JsonNode)id, null))]),
        },
    };

    private static Task ErrorAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        return WriteAsync(http, new JsonObject { ["error"] = new JsonObject { ["message"] = message } });
    }

    private static Task WriteAsync(HttpContext http, JsonNode json)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json.ToJsonString());
    }
}
