#pragma warning disable RS0030 // the one place that may use what is banned
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Arithmetic with numbers that cannot be freed under the native call. TorchSharp 0.107 wraps every number (also the
/// implied alpha of a + b) in a <see cref="Scalar"/> that nothing keeps alive while libtorch reads it: a
/// garbage collection at that moment frees it, and the process ends. Here each Scalar lives until its call has returned.
/// The operators and methods that this replaces are banned in <c>src/</c> (eng/BannedSymbols.txt).
/// </summary>
internal static class Arithmetic
{
    private static readonly Scalar s_one = 1;

    /// <summary>In another number format; itself where it is in that one.</summary>
    public static Tensor As(this Tensor a, ScalarType type) => a.dtype == type ? a : a.to(type);

    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, s_one);

    public static Tensor Plus(this Tensor a, double number)
    {
        using Scalar scalar = number;
        return a.add(scalar, s_one); // add(scalar) alone implies an alpha too
    }

    public static Tensor Times(this Tensor a, double number)
    {
        using Scalar scalar = number;
        return a.mul(scalar);
    }

    /// <summary>a += number * b, in place.</summary>
    public static Tensor AddInPlace(this Tensor a, Tensor b, double number = 1)
    {
        using Scalar scalar = number;
        return a.add_(b, scalar);
    }

    /// <summary>a += number, in place.</summary>
    public static Tensor AddInPlace(this Tensor a, double number)
    {
        using Scalar scalar = number;
        return a.add_(scalar, s_one);
    }

    /// <summary>a *= number, in place.</summary>
    public static Tensor ScaleInPlace(this Tensor a, double number)
    {
        using Scalar scalar = number;
        return a.mul_(scalar);
    }

    /// <summary>a += number * b * c, in place.</summary>
    public static Tensor AddProductInPlace(this Tensor a, Tensor b, Tensor c, double number)
    {
        using Scalar scalar = number;
        return a.addcmul_(b, c, scalar);
    }

    /// <summary>a += number * b / c, in place.</summary>
    public static Tensor AddQuotientInPlace(this Tensor a, Tensor b, Tensor c, double number)
    {
        using Scalar scalar = number;
        return a.addcdiv_(b, c, scalar);
    }

    /// <summary>Sums values [N, ...] into <paramref name="count"/> groups. groups [N] int64; returns [count, ...].</summary>
    public static Tensor SumByGroup(this Tensor values, Tensor groups, int count) =>
        zeros([count, .. values.shape[1..]], dtype: values.dtype, device: values.device).index_add(0, groups, values, s_one);

    /// <summary>cap tanh(x / cap): nearly x where |x| is far below the cap, and never beyond it.</summary>
    public static Tensor SoftCap(this Tensor x, double cap)
    {
        using Tensor part = x.Times(1 / cap).tanh_();
        return part.Times(cap);
    }

    /// <summary>Each number, or <paramref name="most"/> where it is larger.</summary>
    public static Tensor AtMost(this Tensor a, double most)
    {
        using Scalar scalar = most;
        return a.clamp_max(scalar);
    }

    /// <summary>Each number, or <paramref name="least"/> where it is smaller.</summary>
    public static Tensor AtLeast(this Tensor a, double least)
    {
        using Scalar scalar = least;
        return a.clamp_min(scalar);
    }

    /// <summary>Whether no value is NaN or infinite.</summary>
    public static bool IsFinite(this Tensor a)
    {
        using Tensor each = a.isfinite(), all = each.all();
        return all.item<bool>();
    }

    /// <summary>-inf where the mask is true, the number elsewhere.</summary>
    public static Tensor Without(this Tensor a, Tensor mask)
    {
        using Scalar none = float.NegativeInfinity;
        return a.masked_fill(mask, none);
    }

    /// <summary>-inf where the mask is true, 0 elsewhere, fp32.</summary>
    public static Tensor WithoutWhere(Tensor mask)
    {
        using Scalar none = float.NegativeInfinity;
        return zeros(mask.shape, device: mask.device).masked_fill_(mask, none);
    }

    /// <summary>Numbers as an int64 tensor, to index with. [N]</summary>
    public static Tensor OnDevice(this IReadOnlyList<int> values, Device device) =>
        tensor(values.Select(v => (long)v).ToArray(), device: device);
}
