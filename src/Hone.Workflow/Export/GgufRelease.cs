using System.Globalization;
using System.Text;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Models.Gguf;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>What an export wrote, and what whoever runs the file should know.</summary>
/// <param name="Files">The GGUF file first; what was there already beside it is not among them.</param>
public sealed record GgufReleaseResult(string File, IReadOnlyList<string> Files, IReadOnlyList<string> Warnings);

/// <summary>Writes a model as a GGUF file, with a model card and a Modelfile for Ollama beside it.</summary>
public static class GgufRelease
{
    public const string ModelFile = "Modelfile";

    /// <summary>Writes the files. A card or Modelfile that is there already stays as it is.</summary>
    /// <exception cref="InputException">The model cannot be read or GGUF cannot express it, or a file cannot be written.</exception>
    public static GgufReleaseResult Write(string folder, GgufTensorType type, string output)
    {
        if (PeftConfig.IsIn(folder))
            throw new InputException("This is a LoRA adapter; GGUF files hold whole models here.", folder,
                "Merge it first with hone export --merge, then export the result.");
        List<string> warnings = [];
        GenerationConfig generation = GenerationConfig.Load(folder);
        GgufMetadata metadata = GgufExport.Write(folder, type, output, generation.EosIds, warnings.Add);
        string target = Path.GetDirectoryName(Path.GetFullPath(output))!;
        List<string> files = [output];
        void Beside(string name, Func<string> text)
        {
            string path = Path.Combine(target, name);
            if (System.IO.File.Exists(path)) warnings.Add($"{name} is there already and stays as it is");
            else
            {
                Durable.WriteText(path, text());
                files.Add(path);
            }
        }
        IReadOnlyList<string> stops = GgufTokenizerKeys.StopTexts(metadata);
        Beside(ModelFile, () => OllamaFile(Path.GetFileName(output), generation.Options, stops, GgufTokenizerKeys.HasTemplate(metadata)));
        Beside(ModelCard.FileName, () => Card(folder, type, Path.GetFileName(output), metadata, warnings));
        return new GgufReleaseResult(output, files, warnings);
    }

    private static string OllamaFile(string file, SamplingOptions options, IReadOnlyList<string> stops, bool hasTemplate)
    {
        StringBuilder text = new($"FROM ./{file}\n");
        text.Append(hasTemplate
            ? "# The chat template is in the file, from where Ollama takes it. Where `ollama show --template` prints only\n"
                + "# {{ .Prompt }}, Ollama does not know this template: write it here as TEMPLATE in Go's template language.\n"
            : "# A base model: it has no chat template and goes on with a text.\nTEMPLATE \"{{ .Prompt }}\"\n");
        foreach (string stop in stops) text.Append($"PARAMETER stop {MarkdownText.YamlScalar(stop)}\n");
        void Set(string name, double value) => text.Append(string.Create(CultureInfo.InvariantCulture, $"PARAMETER {name} {value}\n"));
        Set("temperature", options.DoSample ? options.Temperature : 0);
        if (options.DoSample)
        {
            Set("top_p", options.TopP);
            Set("top_k", options.TopK);
        }
        Set("repeat_penalty", options.RepetitionPenalty);
        return text.ToString();
    }

    private static string Card(string folder, GgufTensorType type, string file, GgufMetadata metadata, List<string> warnings)
    {
        (string front, string body) = SourceCard.Read(folder);
        TransformerConfig config = ConfigFile.Load(folder);
        string name = metadata.Text("general.name")!;
        StringBuilder card = new($"---\nlibrary_name: gguf\npipeline_tag: text-generation\n{front}---\n\n");
        card.Append($"# {MarkdownText.Cell(name)}, GGUF {type}\n\n");
        string template = GgufTokenizerKeys.HasTemplate(metadata) ? ", chat template" : "";
        card.Append($"`{file}` holds the weights, tokenizer{template} and settings of {MarkdownText.Cell(name)} (family {config.Family}, ");
        card.Append(CultureInfo.InvariantCulture, $"{config.LayerCount} layers, {config.VocabularySize} tokens, ");
        card.Append(CultureInfo.InvariantCulture, $"context {config.MaxPositions}) for llama.cpp and what is built on it.\n\n");
        card.Append("## Use\n\n");
        string commands = $"llama-cli -m {file}\nollama create my-model -f {ModelFile} && ollama run my-model\nhone chat {file}";
        card.Append(MarkdownText.Block(commands, "sh"));
        card.Append("\nLM Studio: put the file under its models folder, or `lms import` it.\n");
        if (warnings.Count > 0) card.Append("\n## Differences from the original\n\n");
        foreach (string warning in warnings) card.Append("- ").Append(MarkdownText.Cell(warning)).Append('\n');
        if (body.Length > 0) card.Append("\n## The original model's card\n\n").Append(body);
        return card.ToString();
    }
}
