using Hone.Text;

namespace Hone.Inference.Constraints;

/// <summary>Formats over one model's vocabulary, the last ones kept, because what may follow where is found out as answers come.</summary>
internal sealed class ConstraintCache(Tokenizer? tokenizer, StopRules stops, int vocabularySize)
{
    private const int Kept = 16;
    private readonly LinkedList<(OutputConstraint Format, TokenConstraint Tokens)> _last = [];
    private readonly Lock _gate = new();
    private AnswerVocabulary? _vocabulary;

    /// <exception cref="InputException">There is no tokenizer.</exception>
    public TokenConstraint Of(OutputConstraint format)
    {
        lock (_gate)
        {
            for (LinkedListNode<(OutputConstraint Format, TokenConstraint Tokens)>? at = _last.First; at is not null; at = at.Next)
            {
                if (!at.Value.Format.Equals(format)) continue;
                _last.Remove(at);
                _last.AddFirst(at);
                return at.Value.Tokens;
            }
            _vocabulary ??= tokenizer is not null ? new AnswerVocabulary(tokenizer, stops, vocabularySize)
                : throw new InputException("a format of answers needs the model's tokenizer", fix: "Give the tokenizer to the engine.");
            var made = new TokenConstraint(format.Network, _vocabulary);
            _last.AddFirst((format, made));
            if (_last.Count > Kept) _last.RemoveLast();
            return made;
        }
    }
}
