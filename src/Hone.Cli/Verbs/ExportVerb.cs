using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Models.Gguf;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone export</c>: a model in the form that other programs run.</summary>
internal static class ExportVerb
{
    public static Command Create(Streams io)
    {
        string types = string.Join(", ", GgufExport.Types);
        var model = new Argument<string>("model")
        {
            Description = "Folder of the model (Hugging Face layout), or owner/name of one on a hub.",
        };
        var gguf = new Option<string?>("--gguf") { Description = $"Writes one GGUF file with matrices stored as {types}." };
        var merge = new Option<bool>("--merge") { Description = "Writes a LoRA adapter and its base as one ordinary model folder." };
        var type = new Option<string>("--dtype")
        {
            Description = $"With --merge: how weights are stored, {ComputeTarget.TypeWords}.",
            DefaultValueFactory = _ => "float32",
        };
        var output = new Option<string>("--output") { Description = "The file NAME.gguf or the folder to be written.", Required = true };
        var command = new Verb("export", "Write a model for other programs: as GGUF, or an adapter merged into its base.", """
            A GGUF file (llama.cpp, Ollama, LM Studio) holds weights, tokenizer and chat template. A model card (README.md)
            and a Modelfile for Ollama are written beside it. F32 keeps every digit; Q8_0 takes a quarter of that and
            answers nearly the same; Q4_0 takes an eighth. Where llama.cpp would compute otherwise than the model, that is
            told or refused.

            --merge adds the adapter to the weights of its base in float32, and says how much of it rounding to --dtype
            has lost.

            Examples:
              hone export runs/2025-01-31-quickstart/model --gguf Q8_0 --output my-model.gguf
              hone export my-adapter --merge --output my-model
            """)
        { model, gguf, merge, type, output };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string path = parsed.GetRequiredValue(output);
            string? format = parsed.GetValue(gguf);
            if (format is null != parsed.GetValue(merge))
                throw new InputException("export needs one of --gguf and --merge",
                    fix: $"Give --gguf ({types}), or --merge for an adapter.");
            GgufTensorType? stored = format is null ? null : Stored(format, types, path);
            if (Path.Exists(path))
                throw new InputException("there is something here already", path, "Give the result another place with --output.");
            ComputeTarget target = ComputeTarget.Parse("cpu", parsed.GetRequiredValue(type));
            string folder = io.Model(parsed.GetRequiredValue(model));
            bool json = common.Json(parsed);
            if (stored is { } matrices) Gguf(io, json, folder, matrices, path);
            else Merge(io, json, folder, target, path);
            return 0;
        });
        return command;
    }

    private static void Merge(Streams io, bool json, string folder, ComputeTarget target, string output)
    {
        MergeError error = MergedModel.Write(folder, target, output);
        ResultPrinter.Print(io.Out, json,
            ("merged", output),
            ("type", $"{target.Type}".ToLowerInvariant()),
            ("share_of_adapter_lost", error.Lost),
            ("largest_rounding", error.Largest));
    }

    private static GgufTensorType Stored(string format, string types, string path)
    {
        if (!Enum.TryParse(format, ignoreCase: true, out GgufTensorType type) || !GgufExport.Types.Contains(type))
            throw new InputException($"--gguf is {format}, it must be one of {types}");
        if (!path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            throw new InputException("the file's name must end in .gguf, by which programs know it", path);
        return type;
    }

    private static void Gguf(Streams io, bool json, string folder, GgufTensorType type, string path)
    {
        var parents = new NewParents(path);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        GgufReleaseResult result;
        try
        {
            result = GgufRelease.Write(folder, type, path);
        }
        finally
        {
            if (!File.Exists(path)) parents.RemoveEmpty();
        }
        foreach (string warning in result.Warnings) io.Error.WriteLine($"note: {warning}");
        ResultPrinter.Print(io.Out, json,
            ("exported", result.File),
            ("type", $"{type}"),
            ("bytes", new FileInfo(result.File).Length),
            ("files", new JsonArray([.. result.Files.Select(f => JsonValue.Create(f))])),
            ("notes", new JsonArray([.. result.Warnings.Select(w => JsonValue.Create(w))])));
    }
}
