using System.Diagnostics;
using System.Text;

namespace Hone.Inference.Tests;

/// <summary>
/// Files of a model folder that are no regular files, or hold no text: a message for people, at once. Those of the tokenizer are
/// in Hone.Text's tests; here the configuration, the generation settings and the weights.
/// </summary>
public sealed class StrangeModelFileTests
{
    public static TheoryData<string, string> Strange => new MatrixTheoryData<string, string>(
        ["config.json", "generation_config.json", "model.safetensors"], ["fifo", "device", "UTF-16", "bytes in a text"]);

    [Theory]
    [MemberData(nameof(Strange))]
    public void Is_refused_at_once(string file, string what)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the files are those of Unix");
        using TempFolder folder = new();
        TinyModelFolder.Write(folder.Path);
        string path = folder.File(file);
        File.Delete(path);
        if (what == "fifo") using (Process make = Process.Start("mkfifo", [path])) make.WaitForExit();
        else if (what == "device") File.CreateSymbolicLink(path, "/dev/zero");
        else if (what == "UTF-16") File.WriteAllText(path, "{}", Encoding.Unicode);
        else File.WriteAllBytes(path, [.. """{"stop_strings": [" """u8, 0xFF, .. "\"]}"u8]);
        Stopwatch watch = Stopwatch.StartNew();
        InputException e = Assert.Throws<InputException>(() => LanguageModel.FromPretrained(folder.Path).Dispose());
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }
}
