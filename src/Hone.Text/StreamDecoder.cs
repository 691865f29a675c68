namespace Hone.Text;

/// <summary>Decodes ids one at a time, never yielding half a character.</summary>
public sealed class StreamDecoder
{
    internal StreamDecoder()
    {
    }

    public string Push(int id) => throw new NotImplementedException();

    public string Flush() => throw new NotImplementedException();
}
