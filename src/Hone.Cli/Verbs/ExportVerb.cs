using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Models.Gguf;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone export</c>: a model as one file that other programs run.</summary>
internal static class ExportVerb
{
    public static Command Create(Streams io)
    {
        string types = string.Join(", ", GgufExport.Types);
        var model = new Argument<string>("model")
        {
            Description = "Folder of the model (Hugging Face layout), or owner/name of one on a hub.",
        };
        var gguf = new Option<string>("--gguf") { Description = $"How matrices are stored: {types}.", Required = true };
        var output = new Option<string>("--output") { Description = "The file to be written, NAME.gguf.", Required = true };
        var command = new Verb("export", "Write a model as GGUF for llama.cpp, Ollama and LM Studio.", """
            The file holds weights, tokenizer and chat template. A model card (README.md) and a Modelfile for Ollama are
            written beside it. F32 keeps every digit; Q8_0 takes a quarter of that and answers nearly the same; Q4_0
            takes an eighth. Where llama.cpp would compute otherwise than the model, that is told or refused.

            Example:
              hone export runs/2025-01-31-quickstart/model --gguf Q8_0 --output my-model.gguf
            """)
        { model, gguf, output };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string path = parsed.GetRequiredValue(output), name = parsed.GetRequiredValue(gguf);
            if (!Enum.TryParse(name, ignoreCase: true, out GgufTensorType type) || !GgufExport.Types.Contains(type))
                throw new InputException($"--gguf is {name}, it must be one of {types}");
            if (!path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
                throw new InputException("the file's name must end in .gguf, by which programs know it", path);
            if (Path.Exists(path))
                throw new InputException("there is something here already", path, "Give the result another place with --output.");
            string folder = io.Model(parsed.GetRequiredValue(model));
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            GgufReleaseResult result = GgufRelease.Write(folder, type, path);
            foreach (string warning in result.Warnings) io.Error.WriteLine($"note: {warning}");
            Facts.Print(io.Out, common.Json(parsed),
                ("exported", result.File),
                ("type", $"{type}"),
                ("bytes", new FileInfo(result.File).Length),
                ("files", new JsonArray([.. result.Files.Select(f => JsonValue.Create(f))])),
                ("notes", new JsonArray([.. result.Warnings.Select(w => JsonValue.Create(w))])));
            return 0;
        });
        return command;
    }
}
