namespace Hone.Inference.Engines.Cpu;

/// <summary>How the CPU engine holds a model's matrices.</summary>
internal enum CpuFormat
{
    /// <summary>Single precision: the training model's values as they are.</summary>
    Float32,

    /// <summary>Brain floats; what they are multiplied with stays fp32.</summary>
    BFloat16,

    /// <summary>Blocks of 32 signed bytes with a scale; what they are multiplied with becomes the same.</summary>
    Int8,

    /// <summary>Blocks of 32 numbers of 4 bits with a scale, times signed bytes. The head and the embeddings stay 8 bits wide.</summary>
    Int4,
}
