using System.Diagnostics;
using Hone.Models.Gguf;

namespace Hone.Models.Tests;

/// <summary>GGUF files that somebody made to do harm, each wrong in one place.</summary>
public class HostileGgufTests
{
    private const ulong Huge = 1UL << 60;

    [Fact]
    public void Counts_that_no_file_can_hold_are_refused_before_anything_is_allocated()
    {
        Refused(GgufBytes.Begin(Huge, 0), "tensors");
        Refused(GgufBytes.Begin(ulong.MaxValue, 0), "tensors");
        Refused(GgufBytes.Begin(0, Huge), "metadata pairs");
        Refused(GgufBytes.Begin(200_000, 0), "do not fit");
        Refused(GgufBytes.Begin(0, 60_000), "do not fit");
    }

    [Fact]
    public void Texts_and_lists_of_absurd_length_are_refused()
    {
        Refused(GgufBytes.Begin(0, 1).Long(1UL << 40).Raw(new byte[64]), "bytes of a metadata key");
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(8).Long(1UL << 40), "bytes of k");
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(9).Number(4).Long(Huge), "items of k");
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(9).Number(8).Long(1UL << 22), "items of k");
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(9).Number(9).Long(2).Number(4).Long(1), "list of lists");
    }

    [Fact]
    public void Unknown_value_types_are_refused()
    {
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(13).Long(0), "unknown value type 13");
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(9).Number(77).Long(0), "unknown value type 77");
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(7).Raw(2), "truth value");
    }

    [Fact]
    public void Texts_that_are_not_utf8_are_refused() =>
        Refused(GgufBytes.Begin(0, 1).Text("k").Number(8).Long(1).Raw(0xFF), "not valid UTF-8");

    [Fact]
    public void A_key_or_a_tensor_that_is_there_twice_is_refused()
    {
        Refused(GgufBytes.Begin(0, 2).Pair("k", "a").Pair("k", "b"), "key k twice");
        Refused(GgufBytes.Begin(2, 0).Tensor("t", 0, 0, 8).Tensor("t", 0, 32, 8).Align().Raw(new byte[64]), "tensor t twice");
    }

    [Fact]
    public void Tensors_that_overlap_or_leave_holes_are_refused()
    {
        Refused(GgufBytes.Begin(2, 0).Tensor("a", 0, 0, 8).Tensor("b", 0, 0, 8).Align().Raw(new byte[64]), "places tensor b at byte 0");
        Refused(GgufBytes.Begin(2, 0).Tensor("a", 0, 0, 8).Tensor("b", 0, 16, 8).Align().Raw(new byte[64]), "places tensor b at byte 16");
        Refused(GgufBytes.Begin(2, 0).Tensor("a", 0, 0, 8).Tensor("b", 0, 64, 8).Align().Raw(new byte[128]), "places tensor b at byte 64");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 0, ulong.MaxValue, 8).Align().Raw(new byte[64]), "places tensor a");
    }

    [Fact]
    public void Shapes_whose_product_overflows_or_exceeds_the_file_are_refused()
    {
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 0, 0, 1UL << 32, 1UL << 32).Align(), "dimension of");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 0, 0, ulong.MaxValue).Align(), "dimension of");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 0, 0, 0).Align(), "dimension of 0");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 0, 0, 64).Align(), "cut short");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 0, 0, 1, 1, 1, 1, 1).Align().Raw(new byte[32]), "5 dimensions");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 0, 0).Align().Raw(new byte[32]), "0 dimensions");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 8, 0, 33).Align().Raw(new byte[64]), "multiples of 32");
    }

    [Fact]
    public void Types_that_are_not_read_are_named()
    {
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 12, 0, 256).Align().Raw(new byte[256]), "stored as Q4_K");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 26, 0, 8).Align().Raw(new byte[256]), "stored as I32");
        Refused(GgufBytes.Begin(1, 0).Tensor("a", 4_000_000_000, 0, 8).Align().Raw(new byte[256]), "stored as number 4000000000");
    }

    [Fact]
    public void What_is_no_gguf_of_a_known_version_is_refused()
    {
        Refused(new GgufBytes().Raw("GGU"u8.ToArray()), "no GGUF file");
        Refused(new GgufBytes().Raw("PK\x3\x4 and more"u8.ToArray()), "no GGUF file");
        Refused(GgufBytes.Begin(0, 0, version: 1), "version 1");
        Refused(GgufBytes.Begin(0, 0, version: 0x03000000), "big-endian");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(1u << 31)]
    public void An_alignment_that_is_no_power_of_two_is_refused(uint alignment) =>
        Refused(GgufBytes.Begin(0, 1).Text("general.alignment").Number(4).Number(alignment), "power of two");

    [Fact]
    public void Numbers_that_are_not_finite_are_refused()
    {
        using TempFolder folder = new();
        using GgufFile file =
            GgufFile.Open(GgufBytes.Begin(1, 0).Tensor("a", 0, 0, 1).Align().Raw(BitConverter.GetBytes(float.NaN)).Save(folder));
        Assert.Contains("NaN",
            Assert.Throws<InputException>(() => file.Read("a", TorchSharp.torch.ScalarType.Float32, TorchSharp.torch.CPU)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        using TempFolder folder = new();
        byte[] whole = File.ReadAllBytes(GgufBytes.Begin(1, 2).Pair("general.architecture", "llama").Pair("b", "c")
            .Tensor("a", 0, 0, 8).Align().Raw(new byte[32]).Save(folder));
        using (GgufFile file = GgufFile.Open(folder.File("model.gguf"))) Assert.Single(file.Header.Entries);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(folder.File("model.gguf"), whole[..length]);
            Assert.Throws<InputException>(() => GgufFile.Open(folder.File("model.gguf")).Dispose());
        }
    }

    // A byte changed at random is either still a file of this format or an error of the user's, never a failure of the program.
    [Fact]
    public void Random_damage_is_an_input_error_or_nothing()
    {
        using TempFolder folder = new();
        byte[] whole =
            File.ReadAllBytes(
            GgufBytes.Begin(2, 2).Pair("general.architecture", "llama").Text("n").Number(9).Number(4).Long(3).Number(1).Number(2).Number(3)
            .Tensor("a", 0, 0, 8).Tensor("b", 8, 32, 32).Align().Raw(new byte[96]).Save(folder));
        Random random = new(5);
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. whole];
            for (int n = random.Next(1, 4); n > 0; n--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                _ = GgufHeader.Read(new MemoryStream(damaged), "damaged.gguf");
            }
            catch (InputException)
            {
            }
        }
    }

    private static void Refused(GgufBytes bytes, string message)
    {
        using TempFolder folder = new();
        string path = bytes.Save(folder);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch clock = Stopwatch.StartNew();
        InputException error = Assert.Throws<InputException>(() => GgufFile.Open(path).Dispose());
        Assert.True(clock.ElapsedMilliseconds < 1000, $"{clock.ElapsedMilliseconds} ms");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20, "more than 4 MB were allocated");
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
