using System.Diagnostics;

namespace Hone.Data.Tests.Reading;

/// <summary>A named pipe would wait for ever, a device would never end.</summary>
public sealed class RegularFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("rows.jsonl")]
    [InlineData("rows.json")]
    [InlineData("rows.jsonl.gz")]
    [InlineData("rows.jsonl.zst")]
    [InlineData("rows.txt")]
    [InlineData("rows.parquet")]
    [InlineData("rows.csv")]
    public void A_pipe_and_a_link_to_a_device_are_refused_by_name(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no named pipes in the file system");
        string pipe = _folder.File(name), device = _folder.File("device-" + name);
        using (Process make = Process.Start("mkfifo", [pipe])) make.WaitForExit();
        File.CreateSymbolicLink(device, "/dev/zero");
        foreach (string path in new[] { pipe, device })
        {
            InputException e = Assert.Throws<InputException>(() => EvaluationFiles.Read(path, []).ToList());
            Assert.Contains("pipe, a socket or a device", e.Message, StringComparison.Ordinal);
            if (name.Contains("csv", StringComparison.Ordinal)) continue;
            Assert.Contains("device", Assert.Throws<InputException>(() =>
                DataReader.ReadSft(path, new DataReport(path)).ToList()).Message, StringComparison.Ordinal);
        }
        Assert.Throws<InputException>(() => SmallText.Read(pipe));
        Assert.Throws<InputException>(() => SmallText.Read(device));
    }

    [Fact]
    public void An_empty_file_and_a_link_to_a_file_are_files()
    {
        File.WriteAllText(_folder.File("empty.jsonl"), "");
        File.WriteAllText(_folder.File("rows.jsonl"), """{"text": "a"}""");
        File.CreateSymbolicLink(_folder.File("link.jsonl"), _folder.File("rows.jsonl"));
        Assert.Equal("", SmallText.Read(_folder.File("empty.jsonl")));
        Assert.Single(DataReader.ReadSft(_folder.File("link.jsonl"), new DataReport("x")));
    }

    public void Dispose() => _folder.Dispose();
}
