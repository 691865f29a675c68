using Hone.Text;
using Hone.Text.Decoding;

namespace Hone.Inference.Constraints;

/// <summary>The bytes that the tokens of a vocabulary stand for in an answer, and what ends one.</summary>
internal sealed class AnswerVocabulary
{
    private readonly byte[]?[] _bytes, _opening;

    /// <param name="size">The model's vocabulary, which may be larger than the tokenizer's.</param>
    public AnswerVocabulary(Tokenizer tokenizer, StopRules stops, int size)
    {
        (Size, Stops) = (size, [.. stops.Ids.Where(id => id < size)]);
        TokenDecoder decoder = tokenizer.Decoder;
        bool Prints(int id) => !tokenizer.SpecialIds.Contains(id) && !stops.IsStop(id);
        _bytes = [.. Enumerable.Range(0, size).Select(id => Prints(id) ? decoder.BytesOf(id, opensText: false).ToArray() : null)];
        Tokens = new TokenTrie(_bytes);
        (_opening, Opening) = (_bytes, Tokens);
        if (decoder.FirstBytes is null && decoder.StripStart == 0) return;
        _opening = [.. Enumerable.Range(0, size).Select(id => Prints(id) ? First(decoder, id) : null)];
        Opening = new TokenTrie(_opening);
    }

    public int Size { get; }

    /// <summary>Ids that end an answer.</summary>
    public IReadOnlyList<int> Stops { get; }

    public TokenTrie Tokens { get; }

    /// <summary>The tokens as they open an answer: many tokenizers drop a space there.</summary>
    public TokenTrie Opening { get; }

    /// <summary>Empty for a token that is no text.</summary>
    public ReadOnlySpan<byte> BytesOf(int id, bool opens) => (opens ? _opening : _bytes)[id];

    private static byte[] First(TokenDecoder decoder, int id)
    {
        ReadOnlySpan<byte> bytes = decoder.BytesOf(id, opensText: true);
        for (int i = 0; i < decoder.StripStart && !bytes.IsEmpty && bytes[0] == decoder.Strip; i++) bytes = bytes[1..];
        return bytes.ToArray();
    }
}

/// <summary>
/// A format of answers over a vocabulary: which tokens may come next, for every state of the format's automaton. A token that adds
/// nothing to the text never may, and a stop token only where the text may end. Safe for several threads.
/// </summary>
/// <remarks>As in Willard and Louf 2023 (arXiv 2307.09702), with the tokens looked up in a tree as states are reached.</remarks>
internal sealed class TokenConstraint(Network network, AnswerVocabulary vocabulary)
{
    private const long MostMaskBytes = 64L << 20;
    private readonly Automaton _automaton = new(network);
    private readonly Dictionary<(Automaton.State, bool), ulong[]> _masks = [];
    private readonly Lock _gate = new();
    private int _forgotten;

    public Automaton.State Start => _automaton.Start;

    /// <summary>What following the format has cost so far.</summary>
    public long Steps => _automaton.Steps;

    /// <summary>Whether nothing can end an answer but its text.</summary>
    public bool HasNoStop => vocabulary.Stops.Count == 0;

    /// <summary>One bit per token: whether it may come next. [ceil(vocabulary / 64)]</summary>
    /// <param name="opens">Whether the answer has no token yet.</param>
    /// <exception cref="InputException">The format is too costly, or the vocabulary cannot spell it.</exception>
    public ulong[] Allowed(Automaton.State state, bool opens)
    {
        lock (_gate)
        {
            Begin();
            if (_masks.TryGetValue((state, opens), out ulong[]? known)) return known;
            ulong[] mask = new ulong[(vocabulary.Size + 63) / 64];
            (opens ? vocabulary.Opening : vocabulary.Tokens).Mark(_automaton, state, mask);
            if (state.IsAccepting)
                foreach (int id in vocabulary.Stops) mask[id >> 6] |= 1UL << id;
            if (!mask.AsSpan().ContainsAnyExcept(0UL))
                throw new InputException("the model's vocabulary has no token with which the answer could go on in its format",
                    fix: "Use another format, or a model whose tokenizer can spell every byte.");
            if ((_masks.Count + 1L) * mask.Length * sizeof(ulong) > MostMaskBytes) _masks.Clear();
            return _masks[(state, opens)] = mask;
        }
    }

    /// <summary>The state behind a token; null where it may not come next. A stop token's is the state itself.</summary>
    /// <inheritdoc cref="Allowed" path="/param"/>
    /// <exception cref="InputException">The format is too costly.</exception>
    public Automaton.State? Next(Automaton.State state, int id, bool opens)
    {
        lock (_gate)
        {
            Begin();
            if (vocabulary.Stops.Contains(id)) return state.IsAccepting ? state : null;
            ReadOnlySpan<byte> bytes = vocabulary.BytesOf(id, opens);
            if (bytes.IsEmpty) return null;
            foreach (byte value in bytes)
            {
                if (_automaton.Next(state, value) is not { } next) return null;
                state = next;
            }
            return state;
        }
    }

    private void Begin()
    {
        _automaton.Begin();
        if (_forgotten == _automaton.Forgotten) return;
        _forgotten = _automaton.Forgotten;
        _masks.Clear();
    }
}

/// <summary>One answer's place in its format.</summary>
internal sealed class ConstrainedAnswer(TokenConstraint constraint)
{
    private Automaton.State _state = constraint.Start;
    private bool _opens = true;

    /// <summary>Whether the answer is complete and no token could say so.</summary>
    public bool IsOver => constraint.HasNoStop && _state is { IsAccepting: true, GoesOn: false };

    /// <summary>One bit per token: whether it may come next. [ceil(vocabulary / 64)]</summary>
    /// <exception cref="InputException">The format is too costly, or the vocabulary cannot spell it.</exception>
    public ReadOnlySpan<ulong> Allowed() => constraint.Allowed(_state, _opens);

    /// <summary>Whether one token may come next; far cheaper than all.</summary>
    public bool Allows(int id) => constraint.Next(_state, id, _opens) is not null;

    /// <summary>Goes on with a token that may come next.</summary>
    public void Take(int id)
    {
        _state = constraint.Next(_state, id, _opens) ?? throw new InvalidOperationException($"token {id} is not allowed here");
        _opens = false;
    }
}
