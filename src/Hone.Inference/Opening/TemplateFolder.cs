using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Models;
using Hone.Text;

namespace Hone.Inference;

/// <summary>
/// A model folder with another chat template: its small files copied, links to its weights, the template, and the token that
/// ends a turn of it among those that end an answer. All that reads model folders reads such a one, and what is trained from
/// it carries the template on.
/// </summary>
internal static class TemplateFolder
{
    private const string Layout = "1"; // of the folders below; another number makes them anew
    private const string TemplateFile = "chat_template.jinja", TokenizerConfig = "tokenizer_config.json";

    /// <summary>The folder, made under <paramref name="root"/> unless it is there.</summary>
    /// <param name="folder">A model's folder.</param>
    /// <param name="template">A name of <see cref="NamedTemplates"/>, or a file.</param>
    /// <exception cref="InputException">The template is not there, not valid, or does not suit the model's tokenizer.</exception>
    public static string Open(string folder, string template, string root)
    {
        ChatFormat chat = NamedTemplates.Format(template, folder);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string name = $"{Path.GetFileName(full)}-{Path.GetFileNameWithoutExtension(template)}";
        return CachedFolder.Of(root, name, Identity(full, chat.Template.Source), partial =>
        {
            foreach (FileInfo file in new DirectoryInfo(full).EnumerateFiles()) Add(file, partial);
            Durable.WriteText(Path.Combine(partial, TemplateFile), chat.Template.Source);
            WriteStops(partial, chat);
        });
    }

    /// <summary>The folder that such a one was made from; another folder is its own source.</summary>
    public static string Source(string folder, string root)
    {
        bool made = Path.GetFullPath(folder).StartsWith(Path.GetFullPath(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        string? link = made ? new DirectoryInfo(folder).EnumerateFiles().Select(f => f.LinkTarget).OfType<string>().FirstOrDefault() : null;
        return link is null ? folder : Path.GetDirectoryName(link)!;
    }

    private static void Add(FileInfo file, string partial)
    {
        string target = Path.Combine(partial, file.Name);
        if (file.Name == TemplateFile) return;
        if (file.Name == TokenizerConfig) WithoutTemplate(file.FullName, target);
        else if (CheckpointFolder.TokenizerFiles.Contains(file.Name) || file.Name is ConfigFile.Name or GenerationConfig.FileName)
        {
            FolderLinks.RefuseOutside(file.FullName);
            Durable.WriteFile(target, stream =>
            {
                using FileStream from = RegularFile.Open(file.FullName);
                from.CopyTo(stream);
            });
        }
        else if (file.Name == PeftConfig.FileName)
        {
            // Where the base lies may be written relative to the adapter.
            PeftConfig peft = PeftConfig.Read(file.DirectoryName!);
            (peft with { BaseModel = Path.GetFullPath(ModelPath.Base(file.DirectoryName!, peft)) }).Write(partial);
        }
        else File.CreateSymbolicLink(target, file.FullName);
    }

    private static void WithoutTemplate(string path, string target)
    {
        FolderLinks.RefuseOutside(path);
        JsonObject fields = JsonObject.Create(JsonFile.ReadObject(path))!;
        fields.Remove("chat_template");
        Save(fields, target);
    }

    /// <summary>What ends a turn must end an answer, or a chat with the model would go on with turns of both sides.</summary>
    private static void WriteStops(string partial, ChatFormat chat)
    {
        if (EndOfTurn(chat) is not { } end || end == chat.Tokenizer.EosId) return;
        string path = Path.Combine(partial, GenerationConfig.FileName);
        JsonObject fields = File.Exists(path) ? JsonObject.Create(JsonFile.ReadObject(path))! : [];
        int[] stops = [.. GenerationConfig.Load(partial).EosIds, .. ConfigFile.Load(partial).EosIds, end];
        fields["eos_token_id"] = new JsonArray([.. stops.Distinct().Select(id => (JsonNode)id)]);
        Save(fields, path);
    }

    /// <summary>The control token that the template writes right after an answer; null where it writes none.</summary>
    private static int? EndOfTurn(ChatFormat chat)
    {
        MaskedChat turn = chat.RenderMasked([ChatMessage.User("Hello"), ChatMessage.Assistant("Hello")]);
        int last = Array.LastIndexOf(turn.AssistantMask, true);
        return last >= 0 && chat.Tokenizer.SpecialIds.Contains(turn.Ids[last]) ? turn.Ids[last] : null;
    }

    private static void Save(JsonObject fields, string path) => Durable.WriteFile(path, stream =>
    {
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        fields.WriteTo(writer);
    });

    private static string Identity(string folder, string template) => string.Join('|',
    [
        Layout, folder, template,
        .. new DirectoryInfo(folder).EnumerateFiles().OrderBy(f => f.Name, StringComparer.Ordinal).Select(f =>
            string.Create(CultureInfo.InvariantCulture, $"{f.Name}/{f.Length}/{f.LastWriteTimeUtc.Ticks}")),
    ]);
}
