using System.Text;
using Hone.Inference;
using Hone.Text;

namespace Hone.Server;

/// <summary>
/// The text of one answer as its tokens come: whole characters, neither a stop token nor a stop string nor the beginning of one.
/// </summary>
/// <remarks>
/// Special tokens print nothing, except one that opens the calls of tools. A stop string may name one all the same: it is looked
/// for in the text with all tokens, and what special tokens wrote is taken out afterwards.
/// </remarks>
internal sealed class AnswerText
{
    private readonly StreamDecoder _decoder;
    private readonly StopStringMatcher _stops;
    private readonly StopRules _rules;
    private readonly IReadOnlySet<int> _special;
    private readonly int? _marker;
    private readonly string _markerText = "";
    private readonly Queue<(int Start, int End)> _hidden = [];
    private int _pushed, _released;

    public AnswerText(ServedModel model, IReadOnlyList<string> stops, ToolFormat? tools)
    {
        // Without stop strings text is exactly what decoding the whole answer makes.
        _decoder = model.Tokenizer.StartDecoding(skipSpecial: stops.Count == 0);
        _stops = new StopStringMatcher(stops);
        _rules = model.Stops;
        _special = model.Tokenizer.SpecialIds;
        if (tools?.SpecialMarker is { } marker && model.Tokenizer.TryGetId(marker, out int id) && _special.Contains(id))
            (_marker, _markerText) = (id, marker);
    }

    /// <summary>What can be shown after the next token.</summary>
    public string Push(int id, bool last)
    {
        string piece = _rules.IsStop(id) ? "" : id == _marker ? _decoder.Flush() + _markerText : _decoder.Push(id);
        if (piece.Length > 0 && id != _marker && _special.Contains(id)) _hidden.Enqueue((_pushed, _pushed + piece.Length));
        _pushed += piece.Length;
        string shown = _stops.Push(piece);
        if (last) shown += _stops.Push(_decoder.Flush()) + _stops.Finish();
        return WithoutHidden(shown);
    }

    /// <summary>The text of a whole answer.</summary>
    public static string Of(Completion answer, ServedModel model, IReadOnlyList<string> stops, ToolFormat? tools)
    {
        if (tools is null && stops.Count == 0) return model.Tokenizer.Decode(answer.Ids, skipSpecial: true);
        var text = new AnswerText(model, stops, tools);
        return string.Concat(answer.Ids.Select((id, i) => text.Push(id, i == answer.Ids.Length - 1)));
    }

    private string WithoutHidden(string shown)
    {
        int start = _released, end = _released += shown.Length;
        if (_hidden.Count == 0) return shown;
        var rest = new StringBuilder();
        int at = start;
        while (_hidden.TryPeek(out (int Start, int End) hidden) && hidden.Start < end)
        {
            if (hidden.Start > at) rest.Append(shown, at - start, hidden.Start - at);
            at = Math.Min(hidden.End, end);
            if (hidden.End > end) break;
            _hidden.Dequeue();
        }
        return rest.Append(shown, at - start, end - at).ToString();
    }
}
