using System.Runtime.InteropServices;

namespace Hone.Inference.Constraints;

/// <summary>
/// A network as a deterministic automaton over bytes, whose states are made as they are walked into: a state is the set of places in
/// the network, each with the rules that wait for its end, where a text may be. From every state an accepting one can be reached.
/// </summary>
/// <remarks>For one thread.</remarks>
internal sealed class Automaton
{
    // What is kept: beyond it all states are forgotten and made again as they are needed.
    private const int MostStates = 50_000;
    private const long MostPlaces = 2_000_000;

    /// <summary>
    /// What a format may cost, in steps, each a place that is looked at: so many at once, of which each call of <see cref="Begin"/> gives
    /// back some. Hostile formats make a state of every beginning of every token; ordinary ones need little once their states are known.
    /// </summary>
    public const long MostSteps = 250_000, StepsPerCall = 10_000;

    private const int StepsPerState = 50;

    private readonly Network _network;
    private readonly byte[] _classes;
    private readonly int _classCount;
    private readonly Dictionary<(int Return, Frame? Parent), Frame> _frames = [];
    private readonly Dictionary<Place[], State> _states = new(new SamePlaces());
    // Scratch of one step.
    private readonly List<int> _targets = [];
    private readonly List<(int To, int GoOn, int Cost)> _reached = [];
    private readonly List<Place> _from = [], _found = [];
    private readonly HashSet<Place> _seen = [];
    private readonly Stack<Place> _open = new();
    private long _places, _left = MostSteps;
    private int _frameCount;

    public Automaton(Network network)
    {
        _network = network;
        _classes = network.Classes();
        _classCount = _classes[255] + 1;
        Start = Close([new Place(network.Start, null)]);
    }

    /// <summary>The state before the first byte.</summary>
    public State Start { get; }

    /// <summary>All steps so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Begins a piece of work for one token.</summary>
    public void Begin()
    {
        _left = Math.Min(MostSteps, _left + StepsPerCall);
        if (_states.Count <= MostStates && _places <= MostPlaces) return;
        _states.Clear();
        _frames.Clear();
        _places = 0;
        Forgotten++;
    }

    /// <summary>How often states were forgotten; who holds one from before can go on with it.</summary>
    public int Forgotten { get; private set; }

    /// <summary>The state behind a byte; null where no text goes on with it.</summary>
    /// <exception cref="InputException">The format is too costly.</exception>
    public State? Next(State state, byte value)
    {
        State? next = state.Next[_classes[value]] ??= Step(state, value);
        return ReferenceEquals(next, State.Dead) ? null : next;
    }

    private State Step(State state, byte value)
    {
        _from.Clear();
        foreach (Place place in state.Places)
        {
            _targets.Clear();
            _network.ByByte(place.State, value, _targets);
            foreach (int to in _targets) _from.Add(new Place(to, place.Frame));
        }
        return Close(_from);
    }

    /// <summary>The state of all that is reached from some places without reading.</summary>
    private State Close(List<Place> from)
    {
        _seen.Clear();
        _open.Clear();
        _found.Clear();
        bool accepting = false;
        foreach (Place place in from) Reach(place);
        while (_open.TryPop(out Place place))
        {
            Spend(1);
            if (_network.IsEnd(place.State))
            {
                if (place.Frame is null) accepting = true;
                else Reach(new Place(place.Frame.Return, place.Frame.Parent));
                continue;
            }
            if (_network.ReadsByte(place.State)) _found.Add(place);
            _reached.Clear();
            _network.WithoutByte(place.State, _reached);
            foreach ((int to, int after, int cost) in _reached)
            {
                if (after == Network.NoState) Reach(new Place(to, place.Frame));
                // What comes after the call must be possible, too: else the rule would end in a place that leads nowhere.
                else if (IsPossible(after, DepthOf(place.Frame))) Reach(new Place(to, FrameOf(after, place.Frame, cost)));
            }
        }
        if (_found.Count == 0 && !accepting) return State.Dead;
        _found.Sort();
        return Intern([.. _found], accepting);
    }

    private void Reach(Place place)
    {
        if (IsPossible(place.State, DepthOf(place.Frame)) && _seen.Add(place)) _open.Push(place);
    }

    private bool IsPossible(int state, int depth) => _network.Needs(state) <= Network.MostDepth - depth;

    private static int DepthOf(Frame? frame) => frame?.Depth ?? 0;

    private Frame FrameOf(int after, Frame? parent, int cost)
    {
        ref Frame? frame = ref CollectionsMarshal.GetValueRefOrAddDefault(_frames, (after, parent), out _);
        return frame ??= new Frame(_frameCount++, after, parent, DepthOf(parent) + cost);
    }

    private State Intern(Place[] places, bool accepting)
    {
        // Whether it accepts is not in the places: it has states of both kinds.
        Place[] key = accepting ? [.. places, Place.Accepted] : places;
        if (_states.TryGetValue(key, out State? known)) return known;
        Spend(StepsPerState);
        _places += key.Length;
        return _states[key] = new State(places, accepting, _classCount);
    }

    private void Spend(int steps)
    {
        if (_left < steps) throw TooCostly();
        _left -= steps;
        Steps += steps;
    }

    private static InputException TooCostly() => new("the format of the answer is too costly to follow: too many ways to read a text",
        fix: "Make it smaller or less ambiguous: fewer counted repetitions inside repetitions, fewer alternatives with equal beginnings.");

    /// <summary>A rule that waits for the end of one that it called.</summary>
    internal sealed record Frame(int Id, int Return, Frame? Parent, int Depth)
    {
        public bool Equals(Frame? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => Id;
    }

    /// <summary>A state of the network and the rules around it.</summary>
    internal readonly record struct Place(int State, Frame? Frame) : IComparable<Place>
    {
        public static Place Accepted { get; } = new(-1, null);

        public int CompareTo(Place other) =>
            State != other.State ? State.CompareTo(other.State) : (Frame?.Id ?? -1).CompareTo(other.Frame?.Id ?? -1);
    }

    /// <summary>Where a text may be in the network.</summary>
    internal sealed class State(Place[] places, bool isAccepting, int classes)
    {
        public static State Dead { get; } = new([], false, 0);

        public Place[] Places => places;

        /// <summary>Whether the text may end here.</summary>
        public bool IsAccepting => isAccepting;

        /// <summary>Whether some byte goes on from here.</summary>
        public bool GoesOn => places.Length > 0;

        /// <summary>States by class of byte; null where it is not known yet.</summary>
        public State?[] Next { get; } = new State?[classes];
    }

    private sealed class SamePlaces : IEqualityComparer<Place[]>
    {
        public bool Equals(Place[]? x, Place[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(Place[] places)
        {
            var hash = new HashCode();
            foreach (Place place in places) hash.Add(place);
            return hash.ToHashCode();
        }
    }
}
