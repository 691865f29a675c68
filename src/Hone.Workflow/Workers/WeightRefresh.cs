using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Models;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Workers;

/// <summary>
/// Brings a server to given weights: an adapter is loaded beside its base, all weights are read anew from disk where the server can
/// (SGLang, <c>hone serve</c>), and where the recipe has a command that does it. The folder has to be where the server sees it.
/// </summary>
internal sealed class WeightRefresh(WorkerOptions options, Action<string> say, TimeProvider clock, TimeSpan wait)
{
    /// <summary>What was just written may reach a server late over a network's file system: how often it is tried again.</summary>
    private const int LateTries = 7;

    /// <summary>
    /// Does nothing where the server is there already. Weights of the user's own may be those that it was started with: where it cannot
    /// be told to load them, the fingerprint says whether they are.
    /// </summary>
    /// <param name="model">The worker's, of the target's kind.</param>
    /// <exception cref="EndpointException">The server does not answer.</exception>
    /// <exception cref="InputException">It cannot be brought there.</exception>
    public async Task BringAsync(Worker worker, WorkerModel model, WorkerTarget target, CancellationToken cancel)
    {
        if (model.Version == target.Version) return;
        bool startedWith = target.IsOwn && model.Version is null && model.Told is null or "default";
        if (options.Refresh != WorkerOptions.Auto)
        {
            if (!startedWith) await CommandAsync(worker, target, cancel).ConfigureAwait(false);
            WorkerModel now = (model.IsReward ? worker.Reward : worker.Language)
                ?? throw new InputException($"{worker.Url} does not serve {model.Name} any more");
            now.Switch(target.Version, null);
            return;
        }
        try
        {
            if (!model.IsReward && PeftConfig.IsIn(target.Folder)) await AdapterAsync(worker, model, target, cancel).ConfigureAwait(false);
            else await WeightsAsync(worker, model, target, cancel).ConfigureAwait(false);
        }
        catch (EndpointException e) when (!e.MayPass)
        {
            if (!startedWith)
                throw new InputException($"{worker.Url} cannot be brought to the weights of {target.Folder}: {e.Message}", fix:
                    "vLLM loads adapters with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, hone serve with --adapters DIR; SGLang "
                    + "and hone serve (--weights DIR) load all weights. Otherwise give a command as worker.refresh. The server must see "
                    + "that folder.");
            model.Switch(target.Version, null);
        }
    }

    private async Task AdapterAsync(Worker worker, WorkerModel model, WorkerTarget target, CancellationToken cancel)
    {
        string name = Worker.AdapterPrefix + target.Version, route = worker.Route!.AdapterPath;
        try
        {
            var body = new JsonObject { ["lora_name"] = name, ["lora_path"] = target.Folder };
            await LateAsync(() => worker.PostAsync(route, body, cancel), target, cancel).ConfigureAwait(false);
        }
        catch (EndpointException e) when (e.Status == 400 && e.Message.Contains("already", StringComparison.Ordinal))
        {
            // Of a process before this one: the name says which weights it is.
        }
        string? before = model.Adapter;
        model.Switch(target.Version, name);
        if (before != name) await UnloadAsync(worker, before, cancel).ConfigureAwait(false);
    }

    private static async Task UnloadAsync(Worker worker, string? adapter, CancellationToken cancel)
    {
        if (adapter is null) return;
        try
        {
            await worker.PostAsync(worker.Route!.AdapterPath.Replace("load_", "unload_", StringComparison.Ordinal),
                new JsonObject { ["lora_name"] = adapter }, cancel).ConfigureAwait(false);
        }
        catch (EndpointException)
        {
            // It takes memory there, and nobody asks it.
        }
    }

    private async Task WeightsAsync(Worker worker, WorkerModel model, WorkerTarget target, CancellationToken cancel)
    {
        if (model.Told != target.Version)
        {
            var body = new JsonObject { ["model_path"] = target.Folder, ["weight_version"] = target.Version };
            if (worker.Route is not SglangRoute) body["model"] = model.Name;
            await LateAsync(() => worker.PostAsync("update_weights_from_disk", body, cancel), target, cancel).ConfigureAwait(false);
        }
        string? adapter = model.Adapter;
        model.Switch(target.Version, null);
        model.Told = target.Version;
        await UnloadAsync(worker, adapter, cancel).ConfigureAwait(false);
    }

    private async Task LateAsync(Func<Task> send, WorkerTarget target, CancellationToken cancel)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                await send().ConfigureAwait(false);
                return;
            }
            // A route that is not there never comes, and FastAPI writes this of it; a folder may, and each server says it is not there in
            // its own way. The user's own has been there for long.
            catch (EndpointException e) when (!target.IsOwn && tries < LateTries && e.Status is 400 or 404 or >= 500
                && !e.Message.Contains("\"Not Found\"", StringComparison.Ordinal)
                && !e.Message.Contains("already", StringComparison.Ordinal))
            {
                if (tries == 0) say($"a worker does not find {target.Folder} yet: {e.Message}");
                await Task.Delay(wait * Math.Pow(2, tries), clock, cancel).ConfigureAwait(false);
            }
        }
    }

    private async Task CommandAsync(Worker worker, WorkerTarget target, CancellationToken cancel)
    {
        bool windows = OperatingSystem.IsWindows();
        var start = new ProcessStartInfo(windows ? "cmd.exe" : "/bin/sh", [windows ? "/c" : "-c", options.Refresh])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        };
        start.Environment["HONE_WORKER"] = worker.Url;
        start.Environment["HONE_MODEL"] = target.Folder;
        start.Environment["HONE_VERSION"] = target.Version;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(cancel);
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        try
        {
            await process.WaitForExitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        if (process.ExitCode != 0)
        {
            string said = (await errors.ConfigureAwait(false)).Trim();
            throw new InputException($"worker.refresh ended with code {process.ExitCode} for {worker.Url}: "
                + said[Math.Max(0, said.Length - 500)..]);
        }
        // The command may have started the server anew.
        long begun = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await worker.ConnectAsync(cancel).ConfigureAwait(false);
                return;
            }
            catch (EndpointException e)
            {
                if (clock.GetElapsedTime(begun).TotalSeconds > options.Timeout)
                    throw new InputException($"{worker.Url} does not answer {options.Timeout} s after worker.refresh: {e.Message}");
                await Task.Delay(wait, clock, cancel).ConfigureAwait(false);
            }
        }
    }
}
