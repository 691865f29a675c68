using System.Globalization;
using TorchSharp;

namespace Hone.Inference;

/// <summary>The words for devices and number formats that flags, recipes and the library share.</summary>
public static class ComputeTarget
{
    /// <summary>auto (cuda where there is one), cpu, cuda or cuda:N.</summary>
    /// <exception cref="InputException">The word is unknown, or there is no such device.</exception>
    public static torch.Device Device(string name)
    {
        if (name == "cpu" || (name == "auto" && !torch.cuda.is_available())) return torch.CPU;
        string number = name is "auto" or "cuda" ? "0" : name.StartsWith("cuda:", StringComparison.Ordinal) ? name["cuda:".Length..] : "";
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            throw new InputException($"{name} is no device", fix: "Use auto, cpu, cuda or cuda:N.");
        int count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (index >= count)
            throw new InputException($"the device {name} is not there: libtorch sees {count} CUDA devices",
                fix: "Use cpu, or set HONE_LIBTORCH to the folder of a libtorch with CUDA.");
        return torch.device($"cuda:{index}");
    }

    /// <summary>float32 or bfloat16.</summary>
    /// <exception cref="InputException">Another word.</exception>
    public static torch.ScalarType Type(string name) => name switch
    {
        "float32" => torch.ScalarType.Float32,
        "bfloat16" => torch.ScalarType.BFloat16,
        _ => throw new InputException($"{name} is no number format that Hone computes in", fix: "Use float32 or bfloat16."),
    };
}
