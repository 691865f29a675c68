using System.CommandLine;
using System.Net;
using Hone.Runs;
using Hone.Server;
using Microsoft.AspNetCore.Builder;

namespace Hone.Cli;

/// <summary><c>hone serve</c>: a model behind the OpenAI API.</summary>
internal static class ServeVerb
{
    public static Command Create(Streams io)
    {
        var model = new Argument<string>("MODEL") { Description = "Folder of the model, or owner/name of one on a hub." };
        var name = new Option<string?>("--served-model-name") { Description = "What requests name it by; default: the folder's name." };
        var host = new Option<string>("--host")
        {
            Description = "Address to listen on; default 127.0.0.1. Others need a key in HONE_API_KEY.",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var port = new Option<int>("--port") { Description = "Port; 0 takes a free one. Default 8000.", DefaultValueFactory = _ => 8000 };
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto" };
        var dtype = new Option<string>("--dtype") { Description = "float32 or bfloat16.", DefaultValueFactory = _ => "float32" };
        var command = new Verb("serve", "Serve a model over the OpenAI API.", """
            /v1/models, /v1/completions (with echo and logprobs) and /v1/chat/completions, on this machine only. No streaming
            and no tools yet; what is not supported is refused, not ignored. The address goes to stdout.

            Example:
              hone serve models/dpo --port 8000
              curl http://127.0.0.1:8000/v1/chat/completions -H 'Content-Type: application/json' \
                -d '{"model": "dpo", "messages": [{"role": "user", "content": "Hello"}]}'
              hone eval --base-url http://127.0.0.1:8000/v1 --model dpo --data questions --tasks gsm8k
            """)
        { model, name, host, port, device, dtype };
        Option<string?> template = TemplateFlag.Create();
        command.Add(template);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string asked = parsed.GetRequiredValue(host);
            if (!IPAddress.TryParse(asked is "localhost" ? "127.0.0.1" : asked, out IPAddress? address))
                throw new InputException($"--host is {parsed.GetValue(host)}, it must be an address such as 127.0.0.1");
            if (parsed.GetValue(port) is < 0 or > 65535)
                throw new InputException($"--port is {parsed.GetValue(port)}, it must be 0 to 65535");
            string given = parsed.GetRequiredValue(model), folder = io.Model(given, parsed.GetValue(template));
            string? shown = parsed.GetValue(name)
                ?? (parsed.GetValue(template) is null ? null : Path.GetFileName(Path.TrimEndingDirectorySeparator(given)));
            return RunAsync(io, folder, shown, address, parsed.GetValue(port),
                parsed.GetRequiredValue(device), parsed.GetRequiredValue(dtype)).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Streams io, string folder, string? name, IPAddress address, int port, string device, string dtype)
    {
        using var stop = new StopSignal(_ => io.Error.WriteLine("closing"));
        await using ServedModel served = ServedModel.Open(folder, name, device, dtype);
        await using WebApplication server =
            HoneServer.Create(served, address, port, Environment.GetEnvironmentVariable("HONE_API_KEY"), TimeProvider.System);
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
        if (served.Chat is null)
            io.Error.WriteLine("the model has no chat template: texts are completed, chats refused (--template NAME gives it one)");
        io.Error.WriteLine($"serving {served.Name}, context {served.Context} tokens; Ctrl+C ends it");
        await Task.Delay(Timeout.Infinite, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
        using var most = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await server.StopAsync(most.Token).ConfigureAwait(false);
        return 0;
    }
}
