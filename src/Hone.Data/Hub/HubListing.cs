using System.Text.Json;
using System.Text.RegularExpressions;

namespace Hone.Data;

/// <summary>A file of a repository at one commit.</summary>
/// <param name="Hash">
/// SHA-256 of the content for a large file, else git's SHA-1 of the blob; lower-case hex. Also its name in the cache.
/// </param>
internal sealed record HubFile(string Name, long Size, string Hash);

/// <summary>A repository at one commit: every file comes from it, whatever happens to the branch meanwhile.</summary>
internal sealed partial record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    private const int MaxFiles = 100_000;

    // No hub holds a larger file; sums of sizes stay far below what a number holds.
    private const long MaxSize = 1L << 44;

    /// <summary>Reads the answer of <c>/api/{kind}/{name}/revision/{revision}?blobs=true</c>.</summary>
    /// <exception cref="InputException">It is not such an answer, or a name in it is refused.</exception>
    public static HubListing Parse(JsonElement json, string where)
    {
        try
        {
            string commit = json.GetProperty("sha").GetString() ?? "";
            if (!Commits().IsMatch(commit)) throw new InputException("the hub names no commit", where);
            JsonElement siblings = json.GetProperty("siblings");
            if (siblings.GetArrayLength() > MaxFiles)
                throw new InputException($"the repository has {siblings.GetArrayLength():N0} files; {MaxFiles:N0} is the most", where);
            return new HubListing(commit, [.. siblings.EnumerateArray().Select(s => File(s, where))]);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InputException("the hub's list of files is not as expected", where, "Is HF_ENDPOINT a Hugging Face hub?", e);
        }
    }

    private static HubFile File(JsonElement file, string where)
    {
        string name = HubFileName.Require(file.GetProperty("rfilename").GetString() ?? "", where);
        bool large = file.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object;
        string hash = (large ? lfs.GetProperty("sha256") : file.GetProperty("blobId")).GetString() ?? "";
        long size = large ? lfs.GetProperty("size").GetInt64() : file.GetProperty("size").GetInt64();
        // The hash becomes a file's name.
        if (size > MaxSize) throw new InputException($"the hub says that {name} has {size:N0} bytes; {MaxSize:N0} is the most", where);
        if (size < 0 || !(large ? Sha256() : Commits()).IsMatch(hash))
            throw new InputException($"the hub gives no size or hash of {name}", where);
        return new HubFile(name, size, hash);
    }

    [GeneratedRegex(@"\A[0-9a-f]{40}\z")]
    private static partial Regex Commits();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z")]
    private static partial Regex Sha256();
}
