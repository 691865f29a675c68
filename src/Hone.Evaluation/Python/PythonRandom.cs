using System.Security.Cryptography;
using System.Text;

namespace Hone.Evaluation;

/// <summary>
/// CPython's <c>random.Random</c>, bit for bit: few-shot examples and swaps of published benchmarks depend on it. The
/// generator is MT19937 (Matsumoto and Nishimura 1998), seeded by <c>init_by_array</c>.
/// </summary>
internal sealed class PythonRandom
{
    private const int N = 624, M = 397;
    private readonly uint[] _state = new uint[N];
    private int _at = N;

    /// <summary><c>random.Random(seed)</c> for a whole number.</summary>
    public PythonRandom(long seed)
    {
        ulong size = (ulong)Math.Abs(seed);
        Seed(size > uint.MaxValue ? [(uint)size, (uint)(size >> 32)] : [(uint)size]);
    }

    /// <summary><c>random.Random(seed)</c> for a text: its UTF-8 bytes and their SHA-512 as one big-endian number.</summary>
    public PythonRandom(string seed)
    {
        byte[] text = Encoding.UTF8.GetBytes(seed);
        byte[] number = [.. text, .. SHA512.HashData(text)];
        List<uint> key = [];
        for (int end = number.Length; end > 0; end -= 4)
        {
            uint word = 0;
            for (int i = Math.Max(0, end - 4); i < end; i++) word = (word << 8) | number[i];
            key.Add(word);
        }
        while (key.Count > 1 && key[^1] == 0) key.RemoveAt(key.Count - 1);
        Seed([.. key]);
    }

    /// <summary><c>random()</c>: 53 bits, from 0 to below 1.</summary>
    public double NextDouble()
    {
        uint a = Next() >> 5, b = Next() >> 6;
        return ((a * 67108864.0) + b) / 9007199254740992.0;
    }

    /// <summary><c>_randbelow(n)</c>.</summary>
    public int Below(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        int bits = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)n);
        while (true)
        {
            uint r = Next() >> (32 - bits);
            if (r < (uint)n) return (int)r;
        }
    }

    /// <summary><c>shuffle(items)</c>.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary><c>sample(items, k)</c>: k different items in random order.</summary>
    public IReadOnlyList<T> Sample<T>(IReadOnlyList<T> items, int k)
    {
        int n = items.Count;
        if (k < 0 || k > n) throw new ArgumentOutOfRangeException(nameof(k), k, $"a sample of {n} items");
        var result = new T[k];
        // The two ways of CPython draw different numbers, so the rule that chooses between them matters.
        int setSize = 21;
        if (k > 5) setSize += (int)Math.Pow(4, Math.Ceiling(Math.Log(k * 3, 4)));
        if (n <= setSize)
        {
            T[] pool = [.. items];
            for (int i = 0; i < k; i++)
            {
                int j = Below(n - i);
                result[i] = pool[j];
                pool[j] = pool[n - i - 1];
            }
            return result;
        }
        HashSet<int> taken = [];
        for (int i = 0; i < k; i++)
        {
            int j = Below(n);
            while (!taken.Add(j)) j = Below(n);
            result[i] = items[j];
        }
        return result;
    }

    /// <summary><c>choices(items, k=1)[0]</c>.</summary>
    public T Choice<T>(IReadOnlyList<T> items) => items[(int)Math.Floor(NextDouble() * items.Count)];

    /// <summary>The next 32 bits.</summary>
    internal uint Next()
    {
        if (_at == N) Twist();
        uint y = _state[_at++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >> 18);
    }

    private void Twist()
    {
        for (int i = 0; i < N; i++)
        {
            uint y = (_state[i] & 0x80000000) | (_state[(i + 1) % N] & 0x7fffffff);
            _state[i] = _state[(i + M) % N] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0dfU);
        }
        _at = 0;
    }

    private void Seed(uint[] key)
    {
        _state[0] = 19650218;
        for (uint s = 1; s < N; s++) _state[s] = (1812433253 * (_state[s - 1] ^ (_state[s - 1] >> 30))) + s;
        int i = 1, j = 0;
        for (int k = Math.Max(N, key.Length); k > 0; k--)
        {
            _state[i] = (_state[i] ^ ((_state[i - 1] ^ (_state[i - 1] >> 30)) * 1664525)) + key[j] + (uint)j;
            if (++i >= N) (_state[0], i) = (_state[N - 1], 1);
            if (++j >= key.Length) j = 0;
        }
        for (int k = N - 1; k > 0; k--)
        {
            _state[i] = (_state[i] ^ ((_state[i - 1] ^ (_state[i - 1] >> 30)) * 1566083941)) - (uint)i;
            if (++i >= N) (_state[0], i) = (_state[N - 1], 1);
        }
        _state[0] = 0x80000000;
        _at = N;
    }
}
