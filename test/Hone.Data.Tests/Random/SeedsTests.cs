namespace Hone.Data.Tests;

public class SeedsTests
{
    /// <summary>Expected: Python, <c>struct.unpack('&lt;Q', sha256(pack('&lt;Q', seed) + name.encode()).digest()[:8])</c>.</summary>
    [Theory]
    [InlineData(0UL, "", 8794265229978523055UL)]
    [InlineData(42UL, "sft/shuffle", 7714094734814168754UL)]
    [InlineData(ulong.MaxValue, "répétition 日本", 11030703182656171192UL)]
    public void Equals_the_sha256_of_seed_and_name(ulong seed, string name, ulong expected) =>
        Assert.Equal(expected, Seeds.Derive(seed, name));
}
