using System.Text.Json;

namespace Hone.Text.TokenizerFile;

/// <summary>Typed access to the fields of one component of a tokenizer file; a wrong type is the file's fault and says where.</summary>
internal readonly record struct JsonFields(JsonElement Element, string Where)
{
    private const int MaxComponents = 64;

    public string Type => Text("type") ?? throw new InputException("the component has no \"type\"", Where);

    public bool Has(string name) => TryGet(name, out _);

    public JsonFields Child(string name) => TryGet(name, out JsonElement value)
        ? new(value, $"{Where}.{name}")
        : throw new InputException($"\"{name}\" is missing", Where);

    public string? Text(string name)
    {
        if (!TryGet(name, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string");
    }

    public bool? Flag(string name)
    {
        if (!TryGet(name, out JsonElement value)) return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, "true or false");
    }

    public int? Integer(string name)
    {
        if (!TryGet(name, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Wrong(name, "an integer");
    }

    /// <summary>The parts of a sequence of components; published ones have a handful.</summary>
    public IReadOnlyList<JsonFields> Components(string name)
    {
        List<JsonFields> parts = [.. Items(name).Take(MaxComponents + 1)];
        return parts.Count <= MaxComponents ? parts
            : throw new InputException($"{MaxComponents} components are the most", $"{Where}.{name}");
    }

    public IEnumerable<JsonFields> Items(string name)
    {
        if (!TryGet(name, out JsonElement list)) yield break;
        if (list.ValueKind != JsonValueKind.Array) throw Wrong(name, "a list");
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            string where = $"{Where}.{name}[{index++}]";
            if (item.ValueKind != JsonValueKind.Object) throw new InputException("an object is expected here", where);
            yield return new(item, where);
        }
    }

    public List<int> Integers(string name)
    {
        List<int> numbers = [];
        if (!TryGet(name, out JsonElement list)) return numbers;
        if (list.ValueKind != JsonValueKind.Array) throw Wrong(name, "a list of integers");
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int number)) throw Wrong(name, "a list of integers");
            numbers.Add(number);
        }
        return numbers;
    }

    private bool TryGet(string name, out JsonElement value)
    {
        if (Element.ValueKind != JsonValueKind.Object) throw new InputException("an object is expected here", Where);
        return Element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    private InputException Wrong(string name, string expected) => new($"\"{name}\" must be {expected}", Where);
}
