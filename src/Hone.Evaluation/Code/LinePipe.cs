using System.Diagnostics;
using System.Text;

namespace Hone.Evaluation;

/// <summary>
/// A child that speaks in lines. A line that is too long, or too late, is an end of the talk, whatever the child says
/// afterwards.
/// </summary>
internal sealed class LinePipe : IDisposable
{
    /// <summary>Longest line taken from a child. Bytes.</summary>
    public const int MaxLine = 8 << 20;

    private readonly Process _process;
    private readonly Stream _output;
    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly MemoryWatch? _memory;
    private int _at, _end;

    /// <param name="memoryBytes">Of the child and all that it starts.</param>
    public LinePipe(Process process, long? memoryBytes = null)
    {
        _process = process;
        if (memoryBytes is { } bytes && OperatingSystem.IsLinux()) _memory = new MemoryWatch(process.Id, bytes, Kill);
        _output = process.StandardOutput.BaseStream;
        // Read and forgotten, so that a child which fills its error stream does not wait for ever.
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
    }

    /// <summary>The child was ended because it held more memory than it may.</summary>
    public bool OutOfMemory => _memory?.Exceeded == true;

    /// <summary>False where the child is gone.</summary>
    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> line, CancellationToken cancel)
    {
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync(line, cancel).ConfigureAwait(false);
            await _process.StandardInput.BaseStream.FlushAsync(cancel).ConfigureAwait(false);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public Task<bool> WriteAsync(string line, CancellationToken cancel) => WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancel);

    /// <summary>The next line with its end, or null where the child is gone or the line is too long.</summary>
    public async Task<byte[]?> ReadLineAsync(CancellationToken cancel)
    {
        using var line = new MemoryStream();
        while (true)
        {
            if (_at == _end)
            {
                (_at, _end) = (0, await _output.ReadAsync(_buffer, cancel).ConfigureAwait(false));
                if (_end == 0) return null;
            }
            int newline = Array.IndexOf(_buffer, (byte)'\n', _at, _end - _at), end = newline < 0 ? _end : newline + 1;
            line.Write(_buffer, _at, end - _at);
            _at = end;
            if (line.Length > MaxLine) return null;
            if (newline >= 0) return line.ToArray();
        }
    }

    private void Kill()
    {
        try
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Gone in the meantime.
        }
    }

    public void Dispose()
    {
        _memory?.Dispose();
        Kill();
        _process.Dispose();
    }
}
