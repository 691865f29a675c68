using Hone.Data;

namespace Hone.Runs.Tests.Folders;

/// <summary>One operation on the file system; <see cref="Data"/> is what a write wrote.</summary>
internal sealed record Operation(string Kind, string Path, string? To = null, byte[]? Data = null)
{
    public override string ToString() => To is null ? $"{Kind} {Path}" : $"{Kind} {Path} {To}";
}

/// <summary>The process ended: nothing further happens, no clean-up runs.</summary>
internal sealed class KilledException : Exception;

/// <summary>
/// The real file system, with every operation recorded under its path relative to the root, and with a fault before a
/// chosen operation: <see cref="Fault"/> gets its number and the operation, and may throw. Waiting for the disk is left
/// out: it changes nothing that a test could see here, and takes long.
/// </summary>
internal sealed class TracedFiles(string root) : IDurableFiles
{
    private readonly DurableFiles _real = DurableFiles.Instance;
    private int _attempts;

    internal List<Operation> Trace { get; } = [];

    internal Action<int, Operation> Fault { get; set; } = (_, _) => { };

    public void CreateFolder(string path) => Do(new("mkdir", Below(path)), () => _real.CreateFolder(path));

    public Stream Create(string path)
    {
        Stream? stream = null;
        Do(new("create", Below(path)), () => stream = _real.Create(path));
        return new TracedStream(stream!, data => Before(new("write", Below(path), Data: data)));
    }

    public void Sync(string path) => Do(new("fsync", Below(path)), () => { });

    public void SyncFolder(string path) => Do(new("fsyncdir", Below(path)), () => { });

    public void Move(string from, string to) => Do(new("rename", Below(from), Below(to)), () => _real.Move(from, to));

    public void DeleteFile(string path) => Do(new("unlink", Below(path)), () => _real.DeleteFile(path));

    public void DeleteFolder(string path) => Do(new("rmdir", Below(path)), () => _real.DeleteFolder(path));

    private string Below(string path) => Path.GetRelativePath(root, path);

    private void Do(Operation operation, Action act)
    {
        Before(operation);
        act();
    }

    private void Before(Operation operation)
    {
        Fault(_attempts++, operation);
        Trace.Add(operation);
    }

    private sealed class TracedStream(Stream inner, Action<byte[]> before) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }
        public override void Flush() => inner.Flush();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            before(buffer.ToArray());
            inner.Write(buffer);
            inner.Flush();
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
