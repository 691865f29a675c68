using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Rotary position embedding (RoPE, arXiv 2104.09864) with the scalings of transformers' <c>modeling_rope_utils</c>:
/// default, linear, dynamic (NTK) and llama3. Holds cos and sin rows for positions [0, length) on one device.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly LlamaConfig _config;
    private readonly Device _device;
    private int _length;
    private double _base;
    private Tensor? _cos;
    private Tensor? _sin;

    public RotaryTable(LlamaConfig config, Device device)
    {
        _config = config;
        _device = device;
    }

    /// <summary>Rows of cos and sin for the given positions, each [time, 1, head_dim] in fp32.</summary>
    /// <param name="positions">[time], int64.</param>
    /// <param name="longest">Length of the longest path; the table grows to it, and dynamic scaling depends on it.</param>
    public (Tensor Cos, Tensor Sin) Rows(Tensor positions, int longest)
    {
        Grow(longest);
        return (_cos!.index_select(0, positions).unsqueeze(1), _sin!.index_select(0, positions).unsqueeze(1));
    }

    /// <summary>Inverse frequencies [head_dim / 2] for sequences up to <paramref name="length"/> tokens.</summary>
    internal static double[] InverseFrequencies(LlamaConfig config, int length)
    {
        int half = config.HeadDim / 2;
        double theta = Base(config, length);
        double[] frequencies = new double[half];
        for (int i = 0; i < half; i++)
        {
            double frequency = Math.Pow(theta, -2.0 * i / config.HeadDim);
            frequencies[i] = config.RopeScaling switch
            {
                { Type: "linear" } s => frequency / s.Factor,
                { Type: "llama3" } s => Llama3(frequency, s),
                _ => frequency,
            };
        }
        return frequencies;
    }

    public void Dispose()
    {
        _cos?.Dispose();
        _sin?.Dispose();
    }

    private static double Base(LlamaConfig config, int length)
    {
        // Dynamic NTK raises theta only beyond the trained length.
        if (config.RopeScaling is not { Type: "dynamic" } s || length <= config.MaxPositions) return config.RopeTheta;
        double growth = (s.Factor * length / config.MaxPositions) - (s.Factor - 1);
        return config.RopeTheta * Math.Pow(growth, config.HeadDim / (config.HeadDim - 2.0));
    }

    private static double Llama3(double frequency, RopeScaling s)
    {
        double wavelength = 2 * Math.PI / frequency;
        double lowWavelength = s.OriginalMaxPositions / s.LowFrequencyFactor;
        double highWavelength = s.OriginalMaxPositions / s.HighFrequencyFactor;
        if (wavelength < highWavelength) return frequency;
        if (wavelength > lowWavelength) return frequency / s.Factor;
        double smooth = ((s.OriginalMaxPositions / wavelength) - s.LowFrequencyFactor) / (s.HighFrequencyFactor - s.LowFrequencyFactor);
        return ((1 - smooth) * frequency / s.Factor) + (smooth * frequency);
    }

    private void Grow(int longest)
    {
        double theta = Base(_config, longest);
        if (_cos is not null && longest <= _length && theta == _base) return;
        _length = Math.Max(longest, Math.Max(_length, 64));
        _base = theta;
        double[] inverse = InverseFrequencies(_config, longest);
        float[] cos = new float[_length * _config.HeadDim];
        float[] sin = new float[_length * _config.HeadDim];
        for (int p = 0; p < _length; p++)
        {
            for (int i = 0; i < inverse.Length; i++)
            {
                // Both halves carry the same angle: HF rotates the pair (i, i + head_dim / 2).
                int at = (p * _config.HeadDim) + i;
                cos[at] = cos[at + inverse.Length] = (float)Math.Cos(p * inverse[i]);
                sin[at] = sin[at + inverse.Length] = (float)Math.Sin(p * inverse[i]);
            }
        }
        Dispose();
        _cos = tensor(cos, [_length, _config.HeadDim], device: _device).DetachFromDisposeScope();
        _sin = tensor(sin, [_length, _config.HeadDim], device: _device).DetachFromDisposeScope();
    }
}
