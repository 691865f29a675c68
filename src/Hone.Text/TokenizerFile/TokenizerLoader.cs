using Hone.Text.AddedTokens;
using Hone.Text.Bpe;
using Hone.Text.Decoding;
using Hone.Text.Normalizing;
using Hone.Text.Splitting;

namespace Hone.Text.TokenizerFile;

/// <summary>Everything a tokenizer is made of.</summary>
internal sealed record TokenizerParts(
    TokenTable Spelled,
    IReadOnlyList<AddedToken> Added,
    Normalizer? Normalizer,
    PreTokenizer? PreTokenizer,
    BpeModel Model,
    TokenDecoder Decoder,
    Surroundings Surroundings,
    TokenRoles Roles);

/// <summary>
/// Finds the tokenizer of a model folder: tokenizer.json, else tokenizer.model, whose two formats are told apart by content.
/// </summary>
internal static class TokenizerLoader
{
    // The largest published tokenizer.model is below 5 MB.
    private const long MaxModelBytes = 32L << 20;

    public static string FileIn(string folder)
    {
        foreach (string name in new[] { "tokenizer.json", "tokenizer.model" })
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path)) return path;
        }
        throw new InputException(
            "the folder has neither tokenizer.json nor tokenizer.model", folder, "give a folder that holds a Hugging Face tokenizer");
    }

    public static TokenizerParts Load(string folder)
    {
        string path = FileIn(folder);
        try
        {
            TokenizerConfig config = TokenizerConfig.Read(folder);
            return Path.GetFileName(path) == "tokenizer.json"
                ? TokenizerJsonLoader.Load(TokenizerJson.Read(path), config)
                : LoadModel(RegularFile.ReadBytes(path, MaxModelBytes), config, path);
        }
        catch (InvalidOperationException error)
        {
            // System.Text.Json reports half a surrogate pair, as in "\ud800", only when the string is read.
            throw new InputException($"a string is not valid Unicode: {error.Message}", path, inner: error);
        }
    }

    private static TokenizerParts LoadModel(byte[] file, TokenizerConfig config, string path)
    {
        // A SentencePiece model begins with the tag of its first piece (field 1, length-delimited); base64 never does.
        return file is [0x0A, ..] ? SentencePieceLoader.Load(file, config, path) : TiktokenLoader.Load(file, config, path);
    }
}
