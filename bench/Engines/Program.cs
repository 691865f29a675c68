// Decoding and prefill speed of the CPU engine beside llama.cpp: random weights, a shared prompt of 128 tokens, no sampling.
//   dotnet run -c Release --project bench/Engines -- compare SHAPE FOLDER [FORMAT ...]    each side in a process of its own
//   dotnet run -c Release --project bench/Engines -- hone SHAPE FORMAT [PATH] [BATCH ...]
//   dotnet run -c Release --project bench/Engines -- gguf SHAPE TYPE FILE
//   dotnet run -c Release --project bench/Engines -- bandwidth
//   dotnet run -c Release --project bench/Engines -- mixed|chat|guesses SHAPE FORMAT     what those who use an engine wait for
//   dotnet run -c Release --project bench/Engines -- masks FOLDER                        formats of answers, with that folder's tokenizer
//   dotnet run -c Release --project bench/Engines -- load SHAPE FORMAT FOLDER
// PATH counts from 1, the fastest; 0 is that too. SHAPE is 15M, 110M, 1B or 8B; FORMAT Float32, BFloat16, Int8 or Int4. GGUF files are
// written to FOLDER; HONE_LLAMA_CPP is the folder of llama-batched-bench.
using System.Diagnostics;
using System.Text.Json;
using Hone.Inference.Engines.Cpu;
using Hone.Models.Gguf;

int[] batches = [1, 8, 32];
switch (args)
{
    case ["bandwidth"]:
        Measure.Bandwidth();
        break;
    case ["hone", var shape, var format, .. var rest]:
        CpuPath? path = rest.Length > 0 && rest[0] != "0" ? CpuKernels.Paths.ElementAt(int.Parse(rest[0]) - 1) : null;
        int[] own = rest.Length > 1 ? [.. rest.Skip(1).Select(int.Parse)] : batches;
        Measure.Engine(shape, Enum.Parse<CpuFormat>(format), path, own);
        break;
    case ["gguf", var shape, var type, var file]:
        Shapes.WriteGguf(shape, Enum.Parse<GgufTensorType>(type), file);
        break;
    case ["compare", var shape, var folder, .. var formats]:
        Compare(shape, folder, formats.Length > 0 ? formats : ["BFloat16", "Int8", "Int4"]);
        break;
    case ["mixed", var shape, var format]:
        Serving.Mixed(shape, Enum.Parse<CpuFormat>(format));
        break;
    case ["chat", var shape, var format]:
        Serving.Chat(shape, Enum.Parse<CpuFormat>(format));
        break;
    case ["guesses", var shape, var format]:
        Serving.Guesses(shape, Enum.Parse<CpuFormat>(format));
        break;
    case ["masks", var folder]:
        Masks.Run(folder);
        break;
    case ["load", var shape, var format, var folder]:
        Serving.Load(shape, Enum.Parse<CpuFormat>(format), folder);
        break;
    default:
        Console.Error.WriteLine("bandwidth | mixed|chat|guesses SHAPE FORMAT | load SHAPE FORMAT FOLDER | masks FOLDER | "
            + "hone SHAPE FORMAT [PATH] [BATCH ...] | compare SHAPE FOLDER [FORMAT ...]");
        return 1;
}
return 0;

void Compare(string shape, string folder, string[] formats)
{
    Console.WriteLine($"read {Run(Environment.ProcessPath!, "bandwidth")[0].GetProperty("read_gb_s").GetDouble():F1} GB/s");
    Console.WriteLine("| shape | format | batch | Hone tokens/s | Hone GB/s | llama.cpp tokens/s | ratio |");
    Console.WriteLine("|---|---|--:|--:|--:|--:|--:|");
    foreach (string format in formats)
    {
        GgufTensorType type = format switch
        {
            "Int8" => GgufTensorType.Q8_0,
            "Int4" => GgufTensorType.Q4_0,
            "BFloat16" => GgufTensorType.BF16,
            _ => GgufTensorType.F32,
        };
        string file = Path.Combine(folder, $"{shape}-{type}.gguf");
        if (!File.Exists(file)) Shapes.WriteGguf(shape, type, file);
        JsonElement[] peer = Llama(file, shape), own = Run(Environment.ProcessPath!, "hone", shape, format);
        foreach (int batch in batches)
        {
            double theirs = peer.First(p => p.GetProperty("pl").GetInt32() == batch).GetProperty("speed_tg").GetDouble();
            JsonElement line = own.First(o => o.TryGetProperty("batch", out JsonElement b) && b.GetInt32() == batch);
            double ours = line.GetProperty("tokens_s").GetDouble(), stream = line.GetProperty("gb_s").GetDouble();
            Console.WriteLine($"| {shape} | {format} / {type} | {batch} | {ours:F1} | {stream:F1} | {theirs:F1} | {ours / theirs:F2} |");
        }
        double prefill = own.First(o => o.TryGetProperty("prefill", out _)).GetProperty("tokens_s").GetDouble();
        double theirPrefill = peer.First(p => p.GetProperty("pl").GetInt32() == 1).GetProperty("speed_pp").GetDouble();
        Console.WriteLine($"| {shape} | {format} / {type} | prefill | {prefill:F0} | | {theirPrefill:F0} | {prefill / theirPrefill:F2} |");
        (double packed, double speed) = (own[0].GetProperty("pack_s").GetDouble(), own[0].GetProperty("pack_gb_s").GetDouble());
        Console.WriteLine($"| {shape} | {format} | pack | {packed:F2} s | {speed:F2} | | |");
    }
}

JsonElement[] Llama(string file, string shape)
{
    string bin = Environment.GetEnvironmentVariable("HONE_LLAMA_CPP") ?? throw new InvalidOperationException("HONE_LLAMA_CPP is not set");
    string threads = Environment.ProcessorCount.ToString();
    return Run(Path.Combine(bin, "llama-batched-bench"), "-m", file, "-npp", "128", "-ntg", Shapes.NewTokens(shape).ToString(),
        "-npl", string.Join(',', batches), "-pps", "-c", "8192", "-t", threads, "-tb", threads, "--output-format", "jsonl");
}

static JsonElement[] Run(string program, params string[] arguments)
{
    var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
    using Process process = Process.Start(info)!;
    Task<string> errors = process.StandardError.ReadToEndAsync();
    string output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    if (process.ExitCode != 0) throw new InvalidOperationException($"{program} failed: {errors.Result}");
    return [.. output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];
}
