using System.Text.Json;
using Microsoft.Extensions.FileSystemGlobbing;

namespace Hone.Data;

/// <summary>Which files of a repository are wanted.</summary>
/// <param name="Include">Patterns such as <c>*.json</c> or <c>data/**</c>; none = all.</param>
/// <param name="Exclude">Patterns of files to leave out.</param>
public sealed record HubSelection(IReadOnlyList<string> Include, IReadOnlyList<string> Exclude)
{
    /// <summary>
    /// Weights as safetensors, configuration, tokenizer and template: never pickle, never the same weights in another
    /// format.
    /// </summary>
    public static HubSelection Model { get; } = new(
        ["*.json", "*.safetensors", "*.jinja", "**/*.jinja", "tokenizer.model", "*.txt", "*.md", "LICENSE*", "USE_POLICY*"], []);

    /// <summary>Data files that Hone reads.</summary>
    public static HubSelection Dataset { get; } = new(
        ["**/*.parquet", "**/*.jsonl", "**/*.json", "**/*.ndjson", "**/*.jsonl.gz", "**/*.json.gz", "**/*.jsonl.zst",
            "**/*.json.zst", "**/*.md"], []);

    public bool Takes(string name)
    {
        var matcher = new Matcher(StringComparison.Ordinal);
        matcher.AddIncludePatterns(Include.Count > 0 ? Include : ["**/*"]);
        matcher.AddExcludePatterns(Exclude);
        return matcher.Match(name).HasMatches;
    }
}

/// <summary>How far a pull is.</summary>
public readonly record struct HubProgress(long Bytes, long Total, int Files, int TotalFiles);

/// <summary>Downloads repositories of a Hugging Face hub into the cache that Python's huggingface_hub uses too.</summary>
public sealed class HubClient : IDisposable
{
    private const int SideBySide = 4;
    private const long MaxListing = 64 << 20;
    private readonly HubSettings _settings;
    private readonly HubHttp _http;
    private readonly TimeProvider _clock;
    private readonly Action<string> _say;

    /// <param name="say">Told what is downloaded, from where and how much, before it begins.</param>
    /// <param name="handler">Sends requests without following redirects; null for the network.</param>
    public HubClient(HubSettings settings, Action<string> say, HttpMessageHandler? handler = null, TimeProvider? clock = null)
    {
        (_settings, _say, _clock) = (settings, say, clock ?? TimeProvider.System);
        _http = new HubHttp(settings, handler ?? HubHttp.NetworkHandler(), _clock);
    }

    /// <summary>The folder of the repository at the revision's commit, downloaded as far as it is not there.</summary>
    /// <param name="verify">Also hash what is in the cache already.</param>
    /// <exception cref="InputException">Not found, not allowed, not reachable, damaged, refused, or no room on the disk.</exception>
    public async Task<string> PullAsync(
        HubId id, HubSelection selection, bool verify = false, Action<HubProgress>? progress = null, CancellationToken cancel = default)
    {
        var cache = new HubCache(_settings, id);
        string where = $"{_settings.Endpoint}{(id.Kind == "datasets" ? "datasets/" : "")}{id.Name}@{id.Revision}";
        if (_settings.Offline) return Offline(cache, id, where);
        HubListing listing = await ListAsync(id, where, cancel).ConfigureAwait(false);
        HubFile[] files = [.. listing.Files.Where(f => selection.Takes(f.Name) && (id.Path is null || Under(f.Name, id.Path)))];
        if (files.Length == 0)
            throw new InputException($"the repository has no file that is wanted ({listing.Files.Count} files)",
                where, "Use --include to choose others.");
        List<HubFile> missing = [];
        foreach (HubFile file in files.DistinctBy(f => f.Hash))
        {
            string blob = cache.Blob(file.Hash);
            cache.RequireNoLink(blob);
            bool there = File.Exists(blob) && new FileInfo(blob).Length == file.Size;
            if (there && verify && await HubDownload.HashAsync(blob, file, cancel).ConfigureAwait(false) != file.Hash)
            {
                _say($"{file.Name}: damaged in the cache, downloaded again");
                there = false;
            }
            if (!there) missing.Add(file);
        }
        if (missing.Count > 0) await DownloadAsync(id, listing, cache, missing, where, progress, cancel).ConfigureAwait(false);
        foreach (HubFile file in files) cache.Link(listing.Commit, file);
        cache.Remember(listing.Commit);
        return cache.Snapshot(listing.Commit);
    }

    public void Dispose() => _http.Dispose();

    private async Task<HubListing> ListAsync(HubId id, string where, CancellationToken cancel)
    {
        Uri address = new(_settings.Endpoint, $"api/{id.Kind}/{id.Name}/revision/{Uri.EscapeDataString(id.Revision)}?blobs=true");
        using HttpResponseMessage response = await _http.GetAsync(address, 0, cancel).ConfigureAwait(false);
        await HubErrors.ThrowUnlessFound(response, where, "the repository", cancel).ConfigureAwait(false);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = await body.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0;)
        {
            if (bytes.Length + read > MaxListing)
                throw new InputException($"the hub's list of files is larger than {MaxListing >> 20} MiB", where);
            bytes.Write(buffer, 0, read);
        }
        try
        {
            return HubListing.Parse(JsonElement.Parse(bytes.ToArray()), where);
        }
        catch (JsonException e)
        {
            throw new InputException("the hub's list of files is not JSON", where, "Is HF_ENDPOINT a Hugging Face hub?", e);
        }
    }

    private async Task DownloadAsync(
        HubId id, HubListing listing, HubCache cache, List<HubFile> missing, string where, Action<HubProgress>? progress,
        CancellationToken cancel)
    {
        long total = missing.Sum(f => f.Size);
        long had = missing.Sum(f => File.Exists(cache.Incomplete(f.Hash))
            ? Math.Min(f.Size, new FileInfo(cache.Incomplete(f.Hash)).Length) : 0);
        Directory.CreateDirectory(_settings.Cache);
        long free = new DriveInfo(Path.GetFullPath(_settings.Cache)).AvailableFreeSpace;
        if (total - had > free) throw new InputException($"{total - had:N0} bytes are to be downloaded, {free:N0} are free",
            _settings.Cache, "Make room, or set HF_HOME to another disk.");
        _say($"downloading {missing.Count} files, {(total - had) / 1e6:N1} MB, from {_settings.Endpoint.Host} "
            + $"({id.Name} at {listing.Commit[..12]})");
        Lock gate = new();
        long arrived = had;
        int done = 0;
        void Count(long bytes, int files)
        {
            lock (gate)
            {
                arrived += bytes;
                done += files;
                progress?.Invoke(new HubProgress(arrived, total, done, missing.Count));
            }
        }
        var download = new HubDownload(_http, cache, where, _clock);
        string prefix = id.Kind == "datasets" ? "datasets/" : "";
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancel },
            async (file, stop) =>
        {
            using IDisposable held = await cache.LockAsync(file.Hash, () => _say($"{file.Name}: another process downloads it; waiting"),
                stop).ConfigureAwait(false);
            string path = string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString));
            bool there = File.Exists(cache.Blob(file.Hash)) && new FileInfo(cache.Blob(file.Hash)).Length == file.Size
                && await HubDownload.HashAsync(cache.Blob(file.Hash), file, stop).ConfigureAwait(false) == file.Hash;
            if (!there) await download.GetAsync(file, new Uri(_settings.Endpoint, $"{prefix}{id.Name}/resolve/{listing.Commit}/{path}"),
                b => Count(b, 0), stop).ConfigureAwait(false);
            Count(0, 1);
        }).ConfigureAwait(false);
    }

    private static string Offline(HubCache cache, HubId id, string where) => cache.KnownCommit() is { } commit
        && Directory.Exists(cache.Snapshot(commit))
        ? cache.Snapshot(commit)
        : throw new InputException($"{id.Name} is not in the cache, and HF_HUB_OFFLINE is set", where,
            $"Run hone pull {id.Name} with a network, or unset HF_HUB_OFFLINE.");

    private static bool Under(string name, string path)
    {
        if (!path.Contains('*', StringComparison.Ordinal))
            return name == path || name.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal);
        var matcher = new Matcher(StringComparison.Ordinal);
        matcher.AddInclude(path);
        return matcher.Match(name).HasMatches;
    }
}
