using System.Globalization;
using Hone.Models;
using TorchSharp;

namespace Hone.Inference;

/// <summary>
/// A PEFT folder completed: adapters are mostly stored without <c>config.json</c>, often without tokenizer. The completed
/// folder has the base's, and a link to the adapter's tensors. All that reads model folders reads such a one.
/// </summary>
internal static class AdapterFolder
{
    private const string Layout = "1"; // of the folders below; another number makes them anew
    private static readonly string[] s_tokenizers = ["tokenizer.json", "tokenizer.model"];

    /// <summary>The folder for an adapter, made under <paramref name="root"/> unless it is there.</summary>
    /// <exception cref="InputException">The base cannot be read, or the folder cannot be written.</exception>
    public static string Open(string adapter, PeftConfig peft, string baseFolder, string root)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(adapter));
        return CachedFolder.Of(root, Path.GetFileName(full), Identity(full, baseFolder), partial =>
        {
            TransformerConfig config = ConfigFile.Load(baseFolder) with { IsRewardModel = peft.IsRewardModel };
            bool ownText = s_tokenizers.Any(name => File.Exists(Path.Combine(full, name)));
            (peft with { BaseModel = baseFolder }).Write(partial);
            CheckpointFolder.WriteDescription(partial, config, torch.ScalarType.Float32, ownText ? full : baseFolder);
            File.CreateSymbolicLink(Path.Combine(partial, PeftFolder.WeightsFile), Path.Combine(full, PeftFolder.WeightsFile));
        });
    }

    private static string Identity(string adapter, string baseFolder)
    {
        string Stamp(string name)
        {
            var file = new FileInfo(Path.Combine(adapter, name));
            return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.Length}/{file.LastWriteTimeUtc.Ticks}") : "";
        }
        return string.Join('|', [Layout, adapter, Path.GetFullPath(baseFolder),
            .. new[] { PeftConfig.FileName, PeftFolder.WeightsFile, "tokenizer.json", "tokenizer_config.json" }.Select(Stamp)]);
    }
}
