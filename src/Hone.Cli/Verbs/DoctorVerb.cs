using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hone.Models;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary><c>hone doctor</c>: what this machine has of what Hone needs.</summary>
internal static class DoctorVerb
{
    private static readonly (string[] Names, string Purpose)[] s_tools =
    [
        (["bwrap"], "sandbox of the code benchmarks"),
        (["mpirun", "mpiexec"], "training on several machines"),
        (["chromium", "chromium-browser", "google-chrome"], "pictures of reports and pages in tests"),
    ];

    public static Command Create(Streams io)
    {
        var command = new Verb("doctor", "Say what this machine has of what Hone needs.", """
            Exit code 1 when libtorch does not load: nothing can be trained or sampled then. The other tools are needed
            for what is written beside them only.

            With --engine-check MODEL it samples from the model in each number format of the CPU engine, and says how far the
            format is from the training model: mean KL divergence per token, share of tokens with the same likeliest one, and
            mean error of the sampled tokens' log-probabilities.

            With --workers it asks inference servers what they are, and with --model whether they answer with that model's
            weights; exit code 1 when one of them cannot be used.
            """);
        var common = new CommonOptions(command);
        var engineCheck = new Option<string?>("--engine-check")
        {
            HelpName = "MODEL",
            Description = "Compare sampling formats with this model.",
        };
        command.Options.Add(engineCheck);
        var workers = new Option<string[]>("--workers")
        {
            HelpName = "url",
            Description = "Inference servers to check; their key is taken from HONE_WORKER_KEY.",
            AllowMultipleArgumentsPerToken = true,
        };
        var model = new Option<string?>("--model") { Description = "With --workers: folder of the model that they should answer with." };
        command.Options.Add(workers);
        command.Options.Add(model);
        common.Act(command, io, parsed =>
        {
            if (parsed.GetValue(engineCheck) is { } checkedModel)
            {
                EngineCheck.Run(io, checkedModel, common.Json(parsed));
                return 0;
            }
            if (parsed.GetValue(workers) is { Length: > 0 } asked)
            {
                return WorkerCheck.Run(
                    io, CommaList.Of(asked), parsed.GetValue(model), new WorkerOptions(), common.Json(parsed)) ? 0 : 1;
            }
            (LibTorchDescription? torch, string? problem) = LibTorchState();
            ResultPrinter.Print(io.Out, common.Json(parsed),
            [
                ("hone", VersionVerb.Number),
                ("dotnet", RuntimeInformation.FrameworkDescription),
                ("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}"),
                ("processor", Processor.Name()),
                ("cores", Environment.ProcessorCount),
                ("memory_gib", Math.Round(ModelMemory.OfMachine / (double)(1L << 30), 1)),
                ("disk_free_gib", FreeDisk()),
                ("libtorch", torch?.Version ?? "does not load"),
                ("libtorch_from", torch?.Folder),
                ("threads", torch?.Threads),
                ("cuda_devices", torch?.CudaDevices),
                .. s_tools.Select(t => (t.Names[0], (JsonNode?)(Find(t.Names) ?? $"not found ({t.Purpose})"))),
            ]);
            if (problem is null) return 0;
            io.Error.WriteLine($"error: {problem}");
            return 1;
        });
        return command;
    }

    private static (LibTorchDescription? Found, string? Problem) LibTorchState()
    {
        try
        {
            return (LibTorch.Describe(), null);
        }
        catch (InputException e)
        {
            return (null, e.Message);
        }
    }

    private static double? FreeDisk()
    {
        try
        {
            return Math.Round(new DriveInfo(Directory.GetCurrentDirectory()).AvailableFreeSpace / (double)(1L << 30), 1);
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // The file system does not tell.
            return null;
        }
    }

    private static string? Find(string[] names) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => names.Select(name => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name)))
        .FirstOrDefault(File.Exists);
}
