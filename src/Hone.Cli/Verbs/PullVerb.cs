using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Metrics;

namespace Hone.Cli;

/// <summary><c>hone pull</c>: a model or data set from a Hugging Face hub.</summary>
internal static class PullVerb
{
    public static Command Create(Streams io)
    {
        var id = new Argument<string>("ID") { Description = "owner/name[@revision], or hf://[datasets/]owner/name[@revision][/path]." };
        var revision = new Option<string?>("--revision") { Description = "Branch, tag or commit; default main." };
        var dataset = new Option<bool>("--dataset") { Description = "The repository is a data set." };
        Option<string[]> include = Patterns(
            "--include", "Patterns of files to take, such as *.json; default: safetensors weights, configuration, tokenizer, template."),
            exclude = Patterns("--exclude", "Patterns of files to leave out.");
        var verify = new Option<bool>("--verify") { Description = "Hash what is in the cache already, and mend what is damaged." };
        var command = new Verb("pull", "Download a model or data set from a Hugging Face hub.", """
            Files go into the cache that Python's huggingface_hub uses ($HF_HOME/hub, default ~/.cache/huggingface/hub),
            each verified by its hash. A download that was cut off goes on where it stopped. Prints the folder. Pickle
            files (.bin, .pt) are left out unless --include names them; Hone never loads them. HF_TOKEN, HF_ENDPOINT,
            HF_HUB_OFFLINE and HF_HUB_CACHE are heeded.

            Example:
              hone pull meta-llama/Meta-Llama-3-8B-Instruct
              hone pull --dataset owner/preferences@refs/convert/parquet --include "**/*.parquet"
            """)
        { id, revision, dataset, include, exclude, verify };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            HubId repository = HubId.Parse(parsed.GetRequiredValue(id));
            if (parsed.GetValue(revision) is { } at)
            {
                string kindPrefix = repository.Kind == "datasets" ? "datasets/" : "";
                repository = HubId.Parse($"{HubId.Scheme}{kindPrefix}{repository.Name}@{Uri.EscapeDataString(at)}") with
                {
                    Path = repository.Path,
                };
            }
            if (parsed.GetValue(dataset)) repository = repository with { Kind = "datasets" };
            HubSelection usual = repository.Kind == "datasets" ? HubSelection.Dataset : HubSelection.Model;
            var selection =
                new HubSelection(parsed.GetValue(include) is { Length: > 0 } given ? given : usual.Include, parsed.GetValue(exclude) ?? []);
            ProgressDisplay display = io.Progress();
            using var stop = new StopSignal(display.Say);
            using var client = new HubClient(HubSettings.FromEnvironment(), display.Say);
            long last = 0;
            string folder = client.PullAsync(repository, selection, parsed.GetValue(verify), p => Show(display, p, ref last), stop.Token)
                .GetAwaiter().GetResult();
            display.End();
            if (common.Json(parsed))
                ResultPrinter.PrintJson(io.Out, new JsonObject { ["folder"] = folder, ["commit"] = Path.GetFileName(folder) });
            else io.Out.WriteLine(folder);
            return 0;
        });
        return command;
    }

    // In whole MiB, so that the display's steps are numbers that people read.
    private static void Show(ProgressDisplay display, HubProgress progress, ref long last)
    {
        int total = Math.Max(1, (int)(progress.Total >> 20)), now = (int)Math.Min(progress.Bytes >> 20, total);
        if (now == last && progress.Files < progress.TotalFiles) return;
        last = now;
        display.Show(new ProgressStep("MiB", now, total, [new("files", progress.Files)], 0, 0));
    }

    private static Option<string[]> Patterns(string name, string description) =>
        new(name) { Description = description, AllowMultipleArgumentsPerToken = true };
}
