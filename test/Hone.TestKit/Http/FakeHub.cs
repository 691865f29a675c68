using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Hone.TestKit;

/// <summary>A Hugging Face hub with one model, one commit and the files given. <see cref="Twist"/> makes it misbehave.</summary>
public sealed class FakeHub : IDisposable
{
    public const string Id = "owner/model";
    private readonly Dictionary<string, byte[]> _files;

    public FakeHub(params (string Name, byte[] Content)[] files)
    {
        _files = files.ToDictionary(f => f.Name, f => f.Content);
        Server = new RawServer(Answer);
    }

    public RawServer Server { get; }

    /// <summary>Whether the repository is a data set and not a model.</summary>
    public bool Dataset { get; init; }

    public string Commit { get; private set; } = new('a', 40);

    /// <summary>The branch moves on; files of earlier commits stay where they were.</summary>
    public void Move(string commit)
    {
        lock (_counts) _earlier.Add(Commit);
        Commit = commit;
    }

    /// <summary>
    /// Gives another answer than the right one; null for the right one. The number counts requests of the same path from 1.
    /// </summary>
    public Func<RawRequest, int, RawReply, RawReply?> Twist { get; set; } = (_, _, _) => null;

    /// <summary>Names that the listing gives beside the real ones.</summary>
    public List<string> ExtraNames { get; } = [];

    private readonly Dictionary<string, int> _counts = [];
    private readonly List<string> _earlier = [];

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

#pragma warning disable CA5350 // Git's own name of a blob.
    public static string GitHash(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    /// <summary>Length of the list of files.</summary>
    public int ListingBytes => Encoding.UTF8.GetByteCount(Listing());

    public int Count(string path) => Server.Requests.Count(r => r.Path.Contains(path, StringComparison.Ordinal));

    public void Dispose() => Server.Dispose();

    private RawReply Answer(RawRequest request)
    {
        int count;
        lock (_counts) count = _counts[request.Path] = _counts.GetValueOrDefault(request.Path) + 1;
        RawReply right = Right(request);
        return Twist(request, count, right) ?? right;
    }

    private RawReply Right(RawRequest request)
    {
        string path = Uri.UnescapeDataString(request.Path);
        if (path.StartsWith($"/api/{(Dataset ? "datasets" : "models")}/{Id}/revision/", StringComparison.Ordinal))
            return RawReply.Text(200, Listing());
        string prefix;
        lock (_counts)
            prefix = $"{(Dataset ? "/datasets" : "")}/{Id}/resolve/"
                + $"{_earlier.Append(Commit).FirstOrDefault(c => path.Contains($"/{c}/", StringComparison.Ordinal)) ?? Commit}/";
        if (!path.StartsWith(prefix, StringComparison.Ordinal) || !_files.TryGetValue(path[prefix.Length..], out byte[]? content))
            return RawReply.Text(404, "not found",
                ("X-Error-Code", path.Contains(Id, StringComparison.Ordinal) ? "EntryNotFound" : "RepoNotFound"));
        if (!request.Headers.TryGetValue("Range", out string? range)) return new RawReply(200, content);
        int from = int.Parse(range["bytes=".Length..].TrimEnd('-'));
        return from >= content.Length
            ? RawReply.Text(416, "")
            : new RawReply(206, content[from..])
            {
                Headers = new Dictionary<string, string> { ["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}" },
            };
    }

    private string Listing() => JsonSerializer.Serialize(new
    {
        sha = Commit,
        siblings = _files.Select(f => f.Key.EndsWith(".safetensors", StringComparison.Ordinal)
            ? (object)new
            {
                rfilename = f.Key,
                size = f.Value.Length,
                blobId = GitHash(f.Value),
                lfs = new { sha256 = Sha256(f.Value), size = f.Value.Length },
            }
            : new { rfilename = f.Key, size = f.Value.Length, blobId = GitHash(f.Value) })
            .Concat(ExtraNames.Select(n => (object)new { rfilename = n, size = 3, blobId = new string('b', 40) })),
    });
}
