using System.Globalization;
using Hone.Data;
using Hone.Models;
using TorchSharp;

namespace Hone.Inference;

/// <summary>Where to compute and in which number format: the words that flags, recipes and the library share, parsed here only.</summary>
/// <param name="Device">A device that is there.</param>
/// <param name="Type">The number format of computing.</param>
public sealed record ComputeTarget(torch.Device Device, torch.ScalarType Type)
{
    /// <summary>The words that <see cref="Parse"/> takes for devices, for the description of flags.</summary>
    public const string DeviceWords = "auto, cpu, cuda or cuda:N";

    /// <summary>The words that <see cref="Parse"/> takes for number formats, for the description of flags.</summary>
    public const string TypeWords = "float32 or bfloat16";

    /// <param name="device">auto (cuda where there is one), cpu, cuda or cuda:N.</param>
    /// <param name="type">float32 or bfloat16; fp32 and bf16 mean the same.</param>
    /// <exception cref="InputException">A word is unknown, or there is no such device.</exception>
    public static ComputeTarget Parse(string device, string type) => new(ParseDevice(device), ParseType(type));

    private static torch.ScalarType ParseType(string name) => name switch
    {
        "float32" or "fp32" => torch.ScalarType.Float32,
        "bfloat16" or "bf16" => torch.ScalarType.BFloat16,
        "float16" or "fp16" or "half" => throw new InputException($"{name} is not computed in: {Precisions.NoHalf}",
            fix: $"Use {TypeWords}."),
        _ => throw new InputException($"{name} is no number format that Hone computes in", fix: $"Use {TypeWords}."),
    };

    private static torch.Device ParseDevice(string name)
    {
        LibTorch.Load();
        if (name == "cpu" || (name == "auto" && !torch.cuda.is_available())) return torch.CPU;
        string number = name is "auto" or "cuda" ? "0" : name.StartsWith("cuda:", StringComparison.Ordinal) ? name["cuda:".Length..] : "";
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            throw new InputException($"{name} is no device", fix: $"Use {DeviceWords}.");
        int count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (index >= count)
        {
            throw new InputException(
                $"the device {name} is not there: libtorch sees {count} CUDA devices",
                fix: $"Use cpu, or set {LibTorch.FolderVariable} to the folder of a libtorch with CUDA.");
        }
        return torch.device($"cuda:{index}");
    }
}
