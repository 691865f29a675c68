namespace Hone.Text;

/// <summary>Text to token ids and back, as the model's own tokenizer.json says.</summary>
public sealed class Tokenizer
{
    private Tokenizer()
    {
    }

    /// <summary>Highest id + 1.</summary>
    public int VocabularySize => throw new NotImplementedException();

    public int? BosId => throw new NotImplementedException();

    public int? EosId => throw new NotImplementedException();

    public int? PadId => throw new NotImplementedException();

    public int? UnkId => throw new NotImplementedException();

    public IReadOnlySet<int> SpecialIds => throw new NotImplementedException();

    public static Tokenizer Load(string folder) => throw new NotImplementedException();

    public int[] Encode(string text, bool addSpecial = false, bool parseSpecial = false) => throw new NotImplementedException();

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false) => throw new NotImplementedException();

    public StreamDecoder StartDecoding(bool skipSpecial = true) => throw new NotImplementedException();

    public string TokenOf(int id) => throw new NotImplementedException();

    public bool TryGetId(string token, out int id) => throw new NotImplementedException();
}
