namespace Hone.Evaluation.Tests;

/// <summary>Against CPython 3.11: the values were printed by its <c>random</c> module.</summary>
public sealed class PythonRandomTests
{
    [Fact]
    public void Random_of_a_number_and_of_a_text()
    {
        var number = new PythonRandom(1234);
        Assert.Equal([0.9664535356921388, 0.4407325991753527, 0.007491470058587191],
            Enumerable.Range(0, 3).Select(_ => number.NextDouble()));
        var text = new PythonRandom("is_switched_outputsé0");
        Assert.Equal([0.4593815992547009, 0.7393481542368509, 0.7533075973418439], Enumerable.Range(0, 3).Select(_ => text.NextDouble()));
    }

    [Fact]
    public void Shuffle_and_choices()
    {
        int[] items = [.. Enumerable.Range(0, 10)];
        new PythonRandom(42).Shuffle(items);
        Assert.Equal([7, 3, 2, 8, 5, 6, 9, 4, 0, 1], items);
        var random = new PythonRandom((1L << 40) + 5);
        Assert.Equal("bacbccccac", string.Concat(Enumerable.Range(0, 10).Select(_ => random.Choice(["a", "b", "c"]))));
    }

    [Fact]
    public void Samples_from_a_set_and_from_a_pool()
    {
        var random = new PythonRandom(1234);
        Assert.Equal([902, 239, 15, 185, 71, 171, 201, 726, 484, 35, 63, 32, 708, 991, 949, 304, 186, 374, 234, 29, 1030, 996, 511, 132,
            1108], random.Sample([.. Enumerable.Range(0, 1119)], 25));
        Assert.Equal([3816, 561, 4927, 5530, 728], random.Sample([.. Enumerable.Range(0, 7473)], 5));
        Assert.Equal([16, 18, 1, 8, 2], random.Sample([.. Enumerable.Range(0, 20)], 5));
    }

    [Fact]
    public void Json_is_written_as_python_writes_it()
    {
        // print(json.dumps([["a\"\\/\n\r\t\f\b\x01\x7fé😀", ""], []]))
        Assert.Equal("""[["a\"\\/\n\r\t\f\b\u0001\u007f\u00e9\ud83d\ude00", ""], []]""",
            PythonJson.Dumps([["a\"\\/\n\r\t\f\b\u0001\u007fé😀", ""], []]));
    }
}
