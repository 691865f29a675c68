using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Hone.Data;

/// <summary>
/// Gets one file into the cache: from where it was left, no byte too many, and under its name only when its hash is
/// right.
/// </summary>
internal sealed class HubDownload(HubHttp http, HubCache cache, string where, TimeProvider clock)
{
    private const int Tries = 8;
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(60);

    public async Task GetAsync(HubFile file, Uri address, Action<long> arrived, CancellationToken cancel)
    {
        string partial = cache.Incomplete(file.Hash);
        cache.RequireNoLink(partial);
        Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
        for (int attempt = 1; ; attempt++)
        {
            long before = File.Exists(partial) ? new FileInfo(partial).Length : 0;
            if (before > file.Size)
            {
                File.Delete(partial);
                before = 0;
            }
            string? fault = before < file.Size || file.Size == 0
                ? await ContinueAsync(file, address, partial, before, arrived, cancel).ConfigureAwait(false) : null;
            if (fault is null)
            {
                if (await HashAsync(partial, file, cancel).ConfigureAwait(false) == file.Hash) break;
                // What was there before may have been the damaged part.
                File.Delete(partial);
                arrived(-file.Size);
                if (before == 0 || attempt >= Tries)
                    throw new InputException($"{file.Name} has another hash than the hub says: the file was removed", where,
                        "Pull again; if it happens again, the hub or something in between is at fault.");
                continue;
            }
            bool progressed = File.Exists(partial) && new FileInfo(partial).Length > before;
            if (attempt >= Tries && !progressed)
                throw new InputException($"{file.Name}: {fault}", where, "What has arrived is kept; pull again to go on.");
            if (progressed) attempt = 0;
            await Task.Delay(TimeSpan.FromMilliseconds(200 * (attempt + 1)), clock, cancel).ConfigureAwait(false);
        }
        Durable.Publish(partial, cache.Blob(file.Hash));
    }

    /// <summary>SHA-256, or git's SHA-1 of a blob, whichever the length of the known hash says.</summary>
    public static async Task<string> HashAsync(string path, HubFile file, CancellationToken cancel)
    {
        await using FileStream content = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        if (file.Hash.Length == 64) return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel).ConfigureAwait(false));
#pragma warning disable CA5350 // Git's own name of a blob.
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        sha1.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = await content.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0;) sha1.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(sha1.GetHashAndReset());
    }

    /// <returns>Null when all bytes are there, else what went wrong.</returns>
    private async Task<string?> ContinueAsync(
        HubFile file, Uri address, string partial, long from, Action<long> arrived, CancellationToken cancel)
    {
        using HttpResponseMessage response = await http.GetAsync(address, from, cancel).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            File.Delete(partial);
            arrived(-from);
            return "the server does not know the range asked for";
        }
        await HubErrors.ThrowUnlessFound(response, where, file.Name, cancel).ConfigureAwait(false);
        if (from > 0 && response.StatusCode != HttpStatusCode.PartialContent)
        {
            // The server sends all of it again.
            arrived(-from);
            from = 0;
        }
        if (from > 0 && response.Content.Headers.ContentRange?.From != from)
            return $"the server sends another range than asked for ({response.Content.Headers.ContentRange})";
        await using FileStream target = new(partial, from == 0 ? FileMode.Create : FileMode.Append,
            FileAccess.Write, FileShare.None, 1 << 16);
        byte[] buffer = new byte[1 << 16];
        try
        {
            await using Stream body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            for (int read; (read = await body.ReadAsync(buffer, cancel).AsTask().WaitAsync(s_silence, clock, cancel)
                .ConfigureAwait(false)) > 0;)
            {
                // A body longer than promised is cut off while it arrives.
                int wanted = (int)Math.Min(read, file.Size - target.Position);
                await target.WriteAsync(buffer.AsMemory(0, wanted), cancel).ConfigureAwait(false);
                arrived(wanted);
                if (wanted < read) break;
            }
        }
        catch (Exception e)
            when (e is HttpRequestException or IOException { InnerException: not null } or HttpIOException or TimeoutException)
        {
            await target.FlushAsync(cancel).ConfigureAwait(false);
            return $"the connection broke off after {target.Position:N0} of {file.Size:N0} bytes ({e.Message})";
        }
        return target.Position == file.Size ? null : $"the server sent {target.Position:N0} of {file.Size:N0} bytes";
    }
}
