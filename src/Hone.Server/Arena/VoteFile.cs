using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Server;

/// <summary>
/// The votes of an arena: all of them in <c>NAME.votes.jsonl</c>, which grows, and the preferences among them in the file that was
/// named, which is made from it. A vote is on the disk before it is answered for.
/// </summary>
internal sealed class VoteFile
{
    private readonly string _all;
    private readonly List<Vote> _votes = [];
    private readonly Lock _writing = new();

    private VoteFile(string path) => (Path, _all) = (path, AllOf(path));

    /// <summary>The preferences: what <c>hone reward</c> and <c>hone dpo</c> read.</summary>
    public string Path { get; }

    public IReadOnlyList<Vote> Votes
    {
        get
        {
            lock (_writing) return [.. _votes];
        }
    }

    /// <summary>Takes up the votes that are there.</summary>
    /// <exception cref="InputException">The file is of somebody else, or one of its votes cannot be read.</exception>
    public static VoteFile Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (Directory.Exists(path)) throw new InputException("this is a folder, not a file", path, "Give --votes FILE.jsonl.");
        if (System.IO.Path.GetExtension(path) != ".jsonl")
            throw new InputException("votes are kept as JSON lines", path, "Give --votes FILE.jsonl.");
        var file = new VoteFile(path);
        if (File.Exists(file._all)) file.TakeUp();
        else if (File.Exists(path))
            throw new InputException($"this file was not made by an arena: {System.IO.Path.GetFileName(file._all)} is not beside it", path,
                "Nothing is overwritten: give --votes another name.");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        RowFile.Write(path, file._votes.Select(v => v.Pair).OfType<PairRow>());
        return file;
    }

    /// <summary>Keeps one more vote.</summary>
    /// <exception cref="InputException">The disk refuses it; the vote is not kept.</exception>
    public void Add(Vote vote)
    {
        lock (_writing)
        {
            using var row = new MemoryStream();
            row.Write(JsonSerializer.SerializeToUtf8Bytes(vote.ToJson(), Exchange.Written));
            row.WriteByte((byte)'\n');
            Append(_all, row);
            _votes.Add(vote);
            if (vote.Pair is not { } pair) return;
            using var preference = new MemoryStream();
            RowFile.Write(preference, [pair]);
            Append(Path, preference);
        }
    }

    private static string AllOf(string path) => System.IO.Path.ChangeExtension(path, ".votes.jsonl");

    private void TakeUp()
    {
        byte[] content = File.ReadAllBytes(_all);
        int whole = content.AsSpan().LastIndexOf((byte)'\n') + 1; // what a kill left of a line is no vote
        string[] lines = Encoding.UTF8.GetString(content, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach ((int i, string line) in lines.Index())
        {
            try
            {
                _votes.Add(Vote.FromJson(JsonNode.Parse(line)));
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
            {
                throw new InputException($"not a vote: {e.Message}", $"{_all}:{i + 1}",
                    "Remove the line, or give --votes another name.", e);
            }
        }
        if (whole == content.Length) return;
        using var file = new FileStream(_all, FileMode.Open, FileAccess.Write);
        file.SetLength(whole);
    }

    /// <summary>All of a row or nothing of it: after an error the file is cut to what it was.</summary>
    private static void Append(string path, MemoryStream row)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
            long before = file.Length;
            try
            {
                file.Write(row.GetBuffer().AsSpan(0, (int)row.Length));
                file.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                file.SetLength(before);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the vote cannot be kept: {e.Message}", path, FileAdvice.For(e), e);
        }
    }
}
