namespace Hone.Models.Tests;

/// <summary>
/// The ten rules of the reference reader (huggingface/safetensors, tensor.rs), each with a file that breaks it; a test that
/// replays a published incident has its name.
/// </summary>
public class SafetensorsHeaderTests
{
    [Fact]
    public void A_right_file_is_read()
    {
        SafetensorsHeader header = Read(HandMade.Safetensors(
            """{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]}"""
            + ""","a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   """, 16));
        Assert.Equal("pt", header.Metadata["format"]);
        Assert.Equal([2, 3], header.Entries["b"].Shape);
        Assert.Equal(header.Entries["a"].Offset + 4, header.Entries["b"].Offset);
        Assert.Equal(12, header.Entries["b"].Length);
    }

    [Fact]
    public void Rule_1_at_least_eight_bytes() => Refused([1, 2, 3], "fewer than the 8");

    [Theory]
    [InlineData(100_000_001ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 63)]
    public void Rule_2_header_at_most_100_MB_before_anything_is_allocated(ulong declared) =>
        Refused(HandMade.Safetensors("{}", 0, declared), "above the limit");

    [Fact]
    public void Rule_3_header_inside_the_file() => Refused(HandMade.Safetensors("{}", 0, 50_000_000), "has only 2 after");

    [Fact]
    public void Rule_4_strict_utf8() => Refused(HandMade.Safetensors([(byte)'{', (byte)'"', 0xff, (byte)'"', (byte)'}'], []), "UTF-8");

    [Theory]
    [InlineData("""{"a":""")]
    [InlineData("""{"a":1,}""")]
    public void Rule_4_valid_json(string header) => Refused(HandMade.Safetensors(header, 0), "not valid");

    [Theory]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void Rule_4_deep_nesting_is_an_error_not_a_crash(int depth) =>
        Refused(HandMade.Safetensors("{\"a\":" + new string('[', depth), 0), "not valid");

    [Theory]
    [InlineData("""[1]""", "start with {")]
    [InlineData("""{"a":5}""", "without dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", "without dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""", "without dtype")]
    [InlineData("""{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", "unknown dtype F33")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "-1")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "1.5")]
    [InlineData("""{"__metadata__":{"format":1}}""", "no text")]
    public void Rule_4_every_member_has_its_form(string header, string message) => Refused(HandMade.Safetensors(header, 4), message);

    [Theory]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"a":{"dtype":"\ud800","shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"__metadata__":{"x":"\udc00"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    public void Rule_4_half_a_surrogate_pair_is_no_text(string header) => Refused(HandMade.Safetensors(header, 4), "not valid");

    [Fact]
    public void A_long_name_or_one_that_steers_a_terminal_does_not_reach_the_message()
    {
        string name = "\\u001b]0;title\\u0007\\u202e" + new string('x', 1_000_000);
        InputException e = Assert.Throws<InputException>(
            () => Read(HandMade.Safetensors($$$"""{"{{{name}}}":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4)));
        Assert.InRange(e.Message.Length, 1, 500);
        Assert.DoesNotContain(e.Message, c => c is '\u001b' or '\u0007' or '\u202e');
    }

    [Theory]
    [InlineData("[0,4096]", 8)] // the file ends long before
    [InlineData("[0,4611686018427387904]", 8)]
    [InlineData("[4611686018427387900,4611686018427387904]", 8)]
    [InlineData("[0,18446744073709551615]", 8)]
    public void CVE_2026_7482_a_tensor_does_not_reach_beyond_the_file(string offsets, int data) => Refused(
        HandMade.Safetensors($$$"""{"a":{"dtype":"U8","shape":[4096],"data_offsets":{{{offsets}}}}}""", data), "tensor a");

    [Theory]
    [InlineData("[2305843009213693952]", "F32", 0)] // times 4 bytes: 2^63
    [InlineData("[4611686018427387904,4]", "F32", 0)] // 2^64: 0 where it wraps
    [InlineData("[9223372036854775807,2]", "U8", 0)]
    [InlineData("[3037000500,3037000500]", "U8", 4)]
    public void CVE_2026_27940_a_size_that_overflows_is_refused(string shape, string dtype, int data) => Refused(
        HandMade.Safetensors($$$"""{"a":{"dtype":"{{{dtype}}}","shape":{{{shape}}},"data_offsets":[0,{{{data}}}]}}""", data),
        "not the size of");

    [Theory]
    [InlineData("[0,4]", "[8,12]", 12, "hole")]
    [InlineData("[0,4]", "[2,6]", 6, "overlap")]
    [InlineData("[4,8]", "[8,12]", 12, "hole")]
    [InlineData("[0,4]", "[0,4]", 4, "overlap")]
    [InlineData("[4,0]", "[4,8]", 8, "bytes 4 to 0")]
    [InlineData("[0,4]", "[4,80]", 8, "bytes 4 to 80")]
    public void Rule_5_no_hole_no_overlap(string first, string second, int data, string message) => Refused(
        HandMade.Safetensors($$$"""{"a":{"dtype":"F32","shape":[1],"data_offsets":{{{first}}}}"""
            + $$$""","b":{"dtype":"F32","shape":[1],"data_offsets":{{{second}}}}}""", data), message);

    [Theory]
    [InlineData("F32", "[2]", 4)]
    [InlineData("F16", "[1]", 4)]
    [InlineData("F4", "[1]", 1)]
    public void Rule_6_size_follows_from_shape_and_dtype(string dtype, string shape, int data) => Refused(
        HandMade.Safetensors($$$"""{"a":{"dtype":"{{{dtype}}}","shape":{{{shape}}},"data_offsets":[0,{{{data}}}]}}""", data),
        "not the size of");

    [Fact]
    public void Rule_7_polyglot_nothing_hides_after_the_data() => Refused(
        HandMade.Safetensors("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5), "its tensors end at");

    [Fact]
    public void Rule_7_nothing_is_cut_off() => Refused(
        HandMade.Safetensors("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3), "bytes 0 to 4 of 3");

    [Theory]
    [InlineData("a")]
    [InlineData("\\u0061")]
    public void Rule_8_duplicate_names(string second) => Refused(HandMade.Safetensors(
        $$$"""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"""
        + $$$""","{{{second}}}":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8), "not valid");

    [Theory]
    [InlineData("""{"__metadata__":{"x":"a","x":"b"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}""")]
    public void Rule_8_duplicate_names_at_any_depth(string header) => Refused(HandMade.Safetensors(header, 4), "not valid");

    [Fact]
    public void Rule_9_F002_an_empty_tensor_may_share_an_offset()
    {
        SafetensorsHeader header = Read(HandMade.Safetensors(
            """{"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]}"""
            + ""","b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"c":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}""", 4));
        Assert.Equal(3, header.Entries.Count);
    }

    [Fact]
    public void Rule_10_safetensors_cpp_overflow_a_shape_whose_product_wraps_to_four() => Refused(HandMade.Safetensors(
        """{"a":{"dtype":"U8","shape":[4194305,4194305,211106198978564],"data_offsets":[0,4]}}""", 4), "not the size of");

    [Fact]
    public void Random_damage_is_refused_or_harmless()
    {
        byte[] right = HandMade.Safetensors(
            """{"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 16);
        Random random = new(1);
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. right];
            for (int k = random.Next(1, 4); k > 0; k--) damaged[random.Next(damaged.Length - 16)] = (byte)random.Next(256);
            try
            {
                Assert.All(Read(damaged).Entries.Values, e => Assert.InRange(e.Offset + e.Length, 8, damaged.Length));
            }
            catch (InputException)
            {
                continue; // refused
            }
        }
    }

    private static SafetensorsHeader Read(byte[] file)
    {
        using MemoryStream stream = new(file);
        return SafetensorsHeader.Read(stream, "hand-made.safetensors");
    }

    private static void Refused(byte[] file, string message)
    {
        InputException e = Assert.Throws<InputException>(() => Read(file));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.StartsWith("hand-made.safetensors", e.Message, StringComparison.Ordinal);
    }
}
