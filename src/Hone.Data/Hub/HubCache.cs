namespace Hone.Data;

/// <summary>
/// One repository's part of the cache, in the layout of Python's huggingface_hub: <c>refs/main</c> holds a commit,
/// <c>blobs/HASH</c> the contents, <c>snapshots/COMMIT/NAME</c> links to them.
/// </summary>
internal sealed class HubCache(HubSettings settings, HubId id)
{
    private readonly string _folder = Path.Combine(settings.Cache, $"{id.Kind}--{id.Name.Replace("/", "--", StringComparison.Ordinal)}");

    public string Snapshot(string commit) => Path.Combine(_folder, "snapshots", commit);

    public string Blob(string hash) => Path.Combine(_folder, "blobs", hash);

    public string Incomplete(string hash) => Blob(hash) + ".incomplete";

    /// <summary>The commit that the revision was last seen at, or null.</summary>
    public string? KnownCommit()
    {
        string file = Path.Combine(_folder, "refs", id.Revision);
        string? commit = File.Exists(file) ? File.ReadAllText(file).Trim() : Directory.Exists(Snapshot(id.Revision)) ? id.Revision : null;
        return commit is not null && HubFileName.IsSound(commit) && !commit.Contains('/', StringComparison.Ordinal) ? commit : null;
    }

    public void Remember(string commit)
    {
        if (commit == id.Revision) return;
        string file = Path.Combine(_folder, "refs", id.Revision);
        RequireNoLink(file + Durable.PartialSuffix);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        Durable.WriteText(file, commit);
    }

    /// <summary>Makes the snapshot's entry for a file whose blob is there.</summary>
    public void Link(string commit, HubFile file)
    {
        string folder = Snapshot(commit), link = Path.Combine(folder, file.Name);
        RequireNoLink(Path.GetDirectoryName(link)!);
        if (new FileInfo(link).LinkTarget is not null) File.Delete(link); // also one that leads nowhere
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        string up = string.Concat(Enumerable.Repeat("../", file.Name.Count(c => c == '/')));
        try
        {
            File.CreateSymbolicLink(link, $"{up}../../blobs/{file.Hash}");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // Windows without the right to make links: a copy, as huggingface_hub does.
            RequireNoLink(link + Durable.PartialSuffix);
            Durable.WriteFile(link, copy =>
            {
                using FileStream blob = File.OpenRead(Blob(file.Hash));
                blob.CopyTo(copy);
            });
        }
    }

    /// <summary>One process at a time works on a blob; another waits. The lock is the one that huggingface_hub takes (flock).</summary>
    public async Task<IDisposable> LockAsync(string hash, Action waits, CancellationToken cancel)
    {
        string path = Path.Combine(settings.Cache, ".locks", Path.GetFileName(_folder), $"{hash}.lock");
        RequireNoLink(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return await HeldFile.TakeAsync(path, cancel, waits).ConfigureAwait(false);
    }

    /// <summary>
    /// Refuses to write where a link in the cache leads: whoever can plant one could have any file of the user's overwritten.
    /// The cache itself may be a link, for that is the user's own.
    /// </summary>
    /// <exception cref="InputException">The path, or a folder on the way to it from the cache, is a link.</exception>
    public void RequireNoLink(string path)
    {
        string at = settings.Cache;
        foreach (string part in Path.GetRelativePath(settings.Cache, path).Split(Path.DirectorySeparatorChar))
        {
            at = Path.Combine(at, part);
            if (new FileInfo(at).LinkTarget is not null)
                throw new InputException("a file or folder of the cache is a link: refused", at, "Remove it and pull again.");
        }
    }
}
