using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hone.Data;
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

    /// <summary>The folder for an adapter, made under <paramref name="root"/> unless it is there.</summary>
    /// <exception cref="InputException">The base cannot be read, or the folder cannot be written.</exception>
    public static string Open(string adapter, PeftConfig peft, string baseFolder, string root)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(adapter));
        string folder = Path.Combine(root, $"{Path.GetFileName(full)}-{Identity(full, baseFolder)}");
        if (Directory.Exists(folder)) return folder;
        TransformerConfig config = ConfigFile.Load(baseFolder) with { IsRewardModel = peft.IsRewardModel };
        bool ownText = File.Exists(Path.Combine(full, "tokenizer.json")) || File.Exists(Path.Combine(full, "tokenizer.model"));
        try
        {
            DurableFiles.Instance.WriteFolder(folder, partial =>
            {
                (peft with { BaseModel = baseFolder }).Write(partial);
                CheckpointFolder.WriteDescription(partial, config, torch.ScalarType.Float32, ownText ? full : baseFolder);
                File.CreateSymbolicLink(Path.Combine(partial, PeftFolder.WeightsFile), Path.Combine(full, PeftFolder.WeightsFile));
            });
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process was faster, with the same result.
            if (Directory.Exists(folder)) return folder;
            throw new InputException($"The adapter's folder cannot be made: {e.Message}", folder, null, e);
        }
    }

    private static string Identity(string adapter, string baseFolder)
    {
        string Stamp(string name)
        {
            var file = new FileInfo(Path.Combine(adapter, name));
            return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.Length}/{file.LastWriteTimeUtc.Ticks}") : "";
        }
        string text = string.Join('|', [Layout, adapter, Path.GetFullPath(baseFolder),
            .. new[] { PeftConfig.FileName, PeftFolder.WeightsFile, "tokenizer.json", "tokenizer_config.json" }.Select(Stamp)]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
