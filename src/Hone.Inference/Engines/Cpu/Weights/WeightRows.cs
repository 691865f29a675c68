using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Hone.Models;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Hone.Inference.Engines.Cpu;

/// <summary>Rows of a weight as fp32, whatever it is stored as, with what an adapter adds to it.</summary>
internal sealed unsafe class WeightRows : IDisposable
{
    private readonly Tensor _tensor;
    private readonly byte* _data;
    // Kept here, as asking a tensor for them costs more than a row.
    private readonly ScalarType _type;

    private WeightRows(Tensor tensor)
    {
        (_tensor, _type) = (tensor, tensor.dtype);
        Rows = (int)tensor.shape[0];
        Columns = (int)(tensor.numel() / Rows);
        _data = (byte*)TensorMemory.Address(tensor);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>The weight of that name; null where the model has none.</summary>
    public static WeightRows? Of(Transformer model, string name)
    {
        const string Ending = ".weight";
        using var off = no_grad();
        using var scope = NewDisposeScope();
        Tensor? weight = model.Weights.GetValueOrDefault(name) ?? BlockMatrix.Of(model.Weights, name)?.Unpack(ScalarType.Float32);
        if (weight is null) return null;
        LoraAdapter? adapter = model.Adapter is { Enabled: true } enabled ? enabled : null;
        if (name.EndsWith(Ending, StringComparison.Ordinal) && adapter?.Pairs.GetValueOrDefault(name[..^Ending.Length]) is { } pair)
            weight = weight.to(ScalarType.Float32).Plus(pair.Delta());
        if (weight.dtype is not (ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16)) weight = weight.to(ScalarType.Float32);
        // An alias: the caller may dispose of it, the weight stays.
        return new WeightRows(weight.cpu().contiguous().alias().MoveToOuterDisposeScope().DetachFromDisposeScope());
    }

    /// <summary>A whole vector, such as a norm's weights.</summary>
    public float[] ToArray()
    {
        float[] values = new float[Rows * Columns];
        for (int row = 0; row < Rows; row++) Read(row, values.AsSpan(row * Columns, Columns));
        return values;
    }

    // Compiled at full optimisation from the first call, here and below: a model's rows are read once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(int row, Span<float> to)
    {
        long at = (long)row * Columns;
        switch (_type)
        {
            case ScalarType.Float32:
                new ReadOnlySpan<float>((float*)_data + at, Columns).CopyTo(to);
                break;
            case ScalarType.Float16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>((Half*)_data + at, Columns), to);
                break;
            default:
                fixed (float* target = to) FloatBits.Widen((ushort*)_data + at, target, Columns);
                break;
        }
    }

    public void Dispose() => _tensor.Dispose();
}
