using System.CommandLine;
using System.Net;
using Hone.Data;
using Hone.Runs;
using Hone.Server;
using Microsoft.AspNetCore.Builder;

namespace Hone.Cli;

/// <summary><c>hone serve</c>: models behind the OpenAI API.</summary>
internal static class ServeVerb
{
    public static Command Create(Streams io)
    {
        var models = new Argument<string[]>("MODEL")
        {
            Description = "Folders of models, adapters or GGUF files, or owner/name on a hub; reward models too.",
            Arity = ArgumentArity.OneOrMore,
        };
        var names = new Option<string[]>("--served-model-name")
        {
            Description = "What requests name them by, one per model; default: the folders' names.",
            DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true,
        };
        var host = new Option<string>("--host")
        {
            Description = "Address to listen on; default 127.0.0.1. Others need a key in HONE_API_KEY.",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var port = new Option<int>("--port") { Description = "Port; 0 takes a free one. Default 8000.", DefaultValueFactory = _ => 8000 };
        var adapters = new Option<string?>("--adapters")
        {
            Description = "Folder below which adapters may be loaded by request (/v1/load_lora_adapter); default: none.",
        };
        var weights = new Option<string?>("--weights")
        {
            Description = "Folder below which a served model's weights may be replaced from by request (/update_weights_from_disk); "
                + "default: none.",
        };
        var votes = new Option<string?>("--votes")
        {
            Description = "Keep votes of the arena page in this .jsonl file, as rows that hone reward and hone dpo read; else no arena.",
        };
        var seconds = new Option<int>("--request-timeout")
        {
            Description = "Longest time of a request in seconds, its waiting included; default 600.", DefaultValueFactory = _ => 600,
        };
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto" };
        var dtype = new Option<string>("--dtype") { Description = "float32 or bfloat16.", DefaultValueFactory = _ => "float32" };
        var command = new Verb("serve", "Serve models over the OpenAI API.", """
            /v1/chat/completions and /v1/completions with streaming, /inference/v1/generate (token ids), /v1/models, /v1/rewards,
            /tokenize, /metrics, and Ollama's /api/chat, /api/generate, /api/tags; on this machine only. What is not supported is
            refused, not ignored. The address goes to stdout; in a browser it shows a chat page and, with --votes, an arena of two
            unnamed models.

            Example:
              hone serve models/dpo models/reward --port 8000
              hone serve runs/first/sft/model runs/first/model --served-model-name sft dpo --votes votes.jsonl
              curl http://127.0.0.1:8000/v1/chat/completions -H 'Content-Type: application/json' \
                -d '{"model": "dpo", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'
              hone eval --base-url http://127.0.0.1:8000/v1 --model dpo --data questions --tasks gsm8k
            """)
        { models, names, host, port, adapters, weights, votes, seconds, device, dtype };
        Option<string?> template = TemplateFlag.Create();
        command.Add(template);
        Option<string?> format = FormatFlag.Create();
        command.Add(format);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string asked = parsed.GetRequiredValue(host);
            if (!IPAddress.TryParse(asked is "localhost" ? "127.0.0.1" : asked, out IPAddress? address))
                throw new InputException($"--host is {parsed.GetValue(host)}, it must be an address such as 127.0.0.1");
            int listened = PortFlag.Of(parsed, port);
            if (parsed.GetValue(seconds) is < 1 or > 86400)
                throw new InputException($"--request-timeout is {parsed.GetValue(seconds)}, it must be 1 to 86400 seconds");
            string[] paths = parsed.GetRequiredValue(models), named = parsed.GetRequiredValue(names);
            if (named.Length > 0 && named.Length != paths.Length)
                throw new InputException($"--served-model-name is given {named.Length} times for {paths.Length} models",
                    fix: "Give it once per model, in their order, or not at all.");
            (string on, string type) = (parsed.GetRequiredValue(device), parsed.GetRequiredValue(dtype));
            SamplingFormat sampled = FormatFlag.Of(parsed, format) ?? SamplingFormat.Auto;
            AdapterStore? store = Folder(parsed, adapters) is { } adapted ? new AdapterStore(adapted, on, type, sampled) : null;
            WeightStore? replaced = Folder(parsed, weights) is { } below ? new WeightStore(below, on, type, sampled) : null;
            ArenaHall? arena = parsed.GetValue(votes) is { } file ? new ArenaHall(VoteFile.Open(file)) : null;
            ServerLimits limits = new() { RequestTime = TimeSpan.FromSeconds(parsed.GetValue(seconds)) };
            (string, string)[] chosen =
                [.. paths.Select((p, i) => (io.Model(p, parsed.GetValue(template)), named.ElementAtOrDefault(i) ?? ServedModel.NameOf(p)))];
            return RunAsync(io, chosen, address, listened, on, type,
                sampled, limits, store, replaced, arena).GetAwaiter().GetResult();
        });
        return command;
    }

    private static string? Folder(ParseResult parsed, Option<string?> flag) =>
        parsed.GetValue(flag) is not { } folder || Directory.Exists(folder) ? parsed.GetValue(flag)
        : throw new InputException("there is no such folder", folder, $"Create it, or name another with {flag.Name}.");

    private static async Task<int> RunAsync(Streams io, (string Path, string Name)[] models, IPAddress address, int port, string device,
        string dtype, SamplingFormat format, ServerLimits limits, AdapterStore? adapters, WeightStore? weights, ArenaHall? arena)
    {
        using var stop = new StopSignal(_ => io.Error.WriteLine("closing"));
        await using var served = new ServedModels();
        foreach ((string path, string name) in models)
            served.Add(ServedModel.Open(path, name, device, dtype, format));
        await using WebApplication server = HoneServer.Create(
            served, address, port, Environment.GetEnvironmentVariable("HONE_API_KEY"), TimeProvider.System, limits,
            adapters, weights, arena);
        try
        {
            await server.StartAsync(stop.Token).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new InputException($"{address}:{port} cannot be listened on: {e.Message}", fix: "Choose another --port.", inner: e);
        }
        io.Out.WriteLine($"{server.Urls.Single()}/v1");
        io.Out.Flush();
        io.Error.WriteLine($"chat in a browser: {server.Urls.Single()}");
        if (arena is not null) io.Error.WriteLine($"arena: {server.Urls.Single()}/arena   (votes are kept in {arena.Votes.Path})");
        if (arena is not null && adapters is null && ArenaHall.Candidates(served).Count < 2)
            io.Error.WriteLine("the arena needs two language models with chat templates");
        foreach (ServedModel model in served.All)
        {
            string calls = model.Chat is null || model.IsReward ? ""
                : model.Tools is { } tools ? $", calls of tools as {tools.Name}" : ", calls of tools stay text";
            string kind = model.IsReward ? ", a reward model"
                : model.Chat is null ? " (no chat template: texts are completed, chats refused; --template NAME gives it one)" : "";
            io.Error.WriteLine($"serving {model.Name}{kind}, context {model.Context} tokens{calls}");
        }
        io.Error.WriteLine("Ctrl+C ends it");
        await stop.ComesAsync().ConfigureAwait(false);
        await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        return 0;
    }
}
