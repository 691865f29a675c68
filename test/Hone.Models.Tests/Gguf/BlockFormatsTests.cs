using System.Runtime.InteropServices;
using Hone.Models.Gguf;

namespace Hone.Models.Tests;

/// <summary>Blocks against bytes that llama-quantize made, and against the layout written out number by number.</summary>
public class BlockFormatsTests
{
    // 128 numbers of a tensor, and what `llama-quantize --pure` (llama.cpp, b1 of d32676d7) made of them.
    private const string Recorded =
        "U8mRvi+gAr7F2bA+YqmaPfx5I76Zlu68lxmHvnWMSr52mmC+rqXkPRd88D15ew6+rccePkSj370NNVW+O9iHvIz0AD1/zc0+q9VtPoAPtD76wc"
        + "I+cymYPsPFBT5IZUo+GouUvkYhXjuNTwW9T4PkvlyJwz2tn0o9Xp7OvopDhj682TO+7cbkvgTcjb5kiAs9qS00vlQAB74cFa++bo2QPhqXvb4e"
        + "GQw/QaHTvgniKj5i5vm+CiVRPsVchLqWKrM8yvS4Pjhno72P4eG8x4T2PukTh77lLTo+4B4Fv5qmbz6a+Mm9YPi/vV6Kej30xLA+p7iyvtqQUD"
        + "y86zW9nf6dvr3Xk75rs9C+2Yr4vgX9dT4ea4y+rBPWvMXc4r1yUG6+4FoOPnvFpD28WNu9KqXovH2gGz3jEp89c7QuvrCkG75EZig+4h8Zvq3F"
        + "qT2u9B2+eImpPpqeCD0fvqo+uEFavmqiyT4gws8+DBfuPhN20L4KZAe8sZXUPqsRlL45TzS+svvJvnII1j46yrO9TCQ5vq7eRr7ytqa83D8Ivx"
        + "Qooz6pKh8+LXP0PTDXPb5rmwi+2TeUvoMmA74LmkW+AAEzvVjK7j3+HVM+CVb1vZLoi72agqy+fkukPrpDeb2WEyi+BWS9PaQI2D0CWaA9gkIb"
        + "Pgrzkz75wZe+jayKPmPCtD4=";

    private const string RecordedQ8 =
        "Mhuv3GIV0/i1yMIgIdgs4cX7CXJCZGxVJTitAfeBGw6NS2oc15jACNfhsUKqf6Anjy8ABVTt+nDDKoc26eoOUK8D9rjUG7SVgT+4+ePDJBXk+Q"
        + "oU09gr2RbYVwlXyGdqepX+bbTSSxyiZOvV0vuBTCUc1OC74dL2HDHj8LBN8dkWGRMkRblBVA==";

    private const string RecordedQ4 = "JCuT9s7p9dejxDSKegarlhTYYaw7n4wYy1r9VJ2QfjbfhZjYxCuzYZBc05jWROr59hiJ+TVVQiyivmd1NdhwbZqqlabERsXX";

    [Fact]
    public void Quantised_bytes_are_those_of_llama_quantize()
    {
        float[] numbers = MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(Recorded)).ToArray();
        byte[] q8 = new byte[numbers.Length / 32 * BlockFormats.Q8Bytes], q4 = new byte[numbers.Length / 32 * BlockFormats.Q4Bytes];
        BlockFormats.QuantizeQ8(numbers, q8);
        BlockFormats.QuantizeQ4(numbers, q4);
        Assert.Equal(RecordedQ8, Convert.ToBase64String(q8));
        Assert.Equal(RecordedQ4, Convert.ToBase64String(q4));
    }

    [Fact]
    public void Blocks_mean_what_the_layout_says()
    {
        Random random = new(3);
        byte[] q8 = RandomBlocks(random, 5, BlockFormats.Q8Bytes, scaleAt: 0),
            q4 = RandomBlocks(random, 5, BlockFormats.Q4Bytes, scaleAt: 0);
        byte[] q6 = RandomBlocks(random, 3, BlockFormats.Q6Bytes, scaleAt: 208);
        float[] small = new float[5 * 32], large = new float[3 * 256];
        BlockFormats.DequantizeQ8(q8, small);
        for (int n = 0; n < small.Length; n++) Assert.Equal(Scale(q8, n / 32 * 34) * (sbyte)q8[n / 32 * 34 + 2 + n % 32], small[n]);

        BlockFormats.DequantizeQ4(q4, small);
        for (int n = 0; n < small.Length; n++)
        {
            byte pair = q4[n / 32 * 18 + 2 + n % 16];
            Assert.Equal(Scale(q4, n / 32 * 18) * ((n % 32 < 16 ? pair % 16 : pair / 16) - 8), small[n]);
        }

        BlockFormats.DequantizeQ6(q6, large);
        for (int block = 0; block < 3; block++)
        {
            ReadOnlySpan<byte> bytes = q6.AsSpan(block * 210, 210);
            // As the reference walks it: two halves of 128; four numbers from each pair of low bytes and each high byte.
            for (int half = 0; half < 2; half++)
            {
                for (int l = 0; l < 32; l++)
                {
                    byte first = bytes[half * 64 + l], second = bytes[half * 64 + 32 + l], high = bytes[128 + half * 32 + l];
                    int[] quants =
                    [
                        first % 16 + high % 4 * 16, second % 16 + high / 4 % 4 * 16,
                        first / 16 + high / 16 % 4 * 16, second / 16 + high / 64 * 16,
                    ];
                    for (int run = 0; run < 4; run++)
                    {
                        sbyte factor = (sbyte)bytes[192 + half * 8 + run * 2 + l / 16];
                        Assert.Equal(Scale(q6, block * 210 + 208) * factor * (quants[run] - 32),
                            large[block * 256 + half * 128 + run * 32 + l]);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_block_of_zeros_stays_zero()
    {
        byte[] q8 = new byte[34], q4 = new byte[18];
        float[] back = new float[32];
        BlockFormats.QuantizeQ8(new float[32], q8);
        BlockFormats.DequantizeQ8(q8, back);
        Assert.All(back, x => Assert.Equal(0, x));
        BlockFormats.QuantizeQ4(new float[32], q4);
        BlockFormats.DequantizeQ4(q4, back);
        Assert.All(back, x => Assert.Equal(0, x));
    }

    private static byte[] RandomBlocks(Random random, int count, int size, int scaleAt)
    {
        byte[] bytes = new byte[count * size];
        random.NextBytes(bytes);
        for (int block = 0; block < count; block++)
            BitConverter.TryWriteBytes(bytes.AsSpan(block * size + scaleAt), (Half)(random.NextSingle() - 0.5f));
        return bytes;
    }

    private static float Scale(byte[] bytes, int at) => (float)BitConverter.ToHalf(bytes, at);
}
