using System.Text;

namespace Hone.Text.Jinja;

/// <summary>What a rendering wrote: the text, and the stretches that stood inside {% generation %}.</summary>
internal sealed class Output(Budget budget)
{
    private readonly Stack<StringBuilder> _captures = new();
    private StringBuilder _text = new();
    private int? _generationStart;

    public List<(int Start, int End)> Generations { get; } = [];

    public string Text => _text.ToString();

    public void Write(string text)
    {
        budget.Append(_text.Length, text.Length);
        _text.Append(text);
    }

    public void BeginCapture()
    {
        _captures.Push(_text);
        _text = new StringBuilder();
    }

    public string EndCapture()
    {
        string text = _text.ToString();
        _text = _captures.Pop();
        return text;
    }

    public void BeginGeneration()
    {
        if (_captures.Count > 0)
        {
            throw new JinjaException("{% generation %} inside a macro, a set block or a filter block is not supported");
        }
        if (_generationStart is not null) throw new JinjaException("{% generation %} blocks cannot nest");
        _generationStart = _text.Length;
    }

    public void EndGeneration()
    {
        Generations.Add((_generationStart!.Value, _text.Length));
        _generationStart = null;
    }
}
