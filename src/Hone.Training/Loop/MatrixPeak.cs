using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>What the device reaches at its best: products of square matrices in the format that a training multiplies in.</summary>
internal static class MatrixPeak
{
    private const int Rounds = 4;

    /// <summary>Floating-point operations that <see cref="Measure"/> takes, for its price.</summary>
    public static double Work(Device device) => (Rounds + 1) * Product(device);

    /// <summary>Floating-point operations a second: the fastest of a few rounds, for other work on the machine only slows them.</summary>
    public static double Measure(Device device, ScalarType type, TimeProvider clock)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        long side = Side(device);
        // Numbers of its own: nothing that is drawn elsewhere may change because a speed was measured.
        using var generator = new Generator(1, device);
        Tensor Matrix() => randn([side, side], device: device, generator: generator).to(Products.TypeOf(type, device.type));
        Tensor a = Matrix(), b = Matrix();
        a.matmul(b).Dispose();
        double best = double.PositiveInfinity;
        for (int round = 0; round < Rounds; round++)
        {
            Wait(device);
            long begun = clock.GetTimestamp();
            using (Tensor product = a.matmul(b)) Wait(device);
            best = Math.Min(best, clock.GetElapsedTime(begun).TotalSeconds);
        }
        return best > 0 ? Product(device) / best : 0;
    }

    private static long Side(Device device) => device.type == TorchSharp.DeviceType.CPU ? 1024 : 8192;

    private static double Product(Device device) => 2 * Math.Pow(Side(device), 3);

    private static void Wait(Device device)
    {
        if (device.type == TorchSharp.DeviceType.CUDA) cuda.synchronize();
    }
}
