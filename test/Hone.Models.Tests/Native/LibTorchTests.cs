using System.Runtime.InteropServices;
using TorchSharp;

namespace Hone.Models.Tests;

public class LibTorchTests
{
    [Fact]
    public void The_packaged_libtorch_is_described()
    {
        LibTorchDescription found = LibTorch.Describe();
        Assert.StartsWith(LibTorch.RequiredVersion + ".", found.Version, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(found.Folder, LibTorch.FileName("torch_cpu"))));
        Assert.True(found.Threads > 0);
    }

    [Fact]
    public async Task Another_folder_takes_the_place_of_the_packaged_libtorch()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "HONE_LIBTORCH works on Linux");
        using TempFolder folder = new();
        Link(folder.Path);
        (int code, string output, string error) = await ChildProcess.Run("libtorch", "", Variable(folder.Path));
        Assert.True(code == 0, error);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"sum 6, folder {folder.Path}", lines[0]);
        Assert.Equal(2, lines.Length - 1); // libtorch_cpu.so and libc10.so, each mapped once
        Assert.All(lines[1..], l => Assert.StartsWith(folder.Path, l, StringComparison.Ordinal));
    }

    // The folder of the test above shares its inodes with the packaged files, so that glibc would see one library in any
    // case. Here is a copy of another inode, of the one small library.
    [Fact]
    public async Task The_packaged_twin_is_not_loaded_beside_another_copy()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "HONE_LIBTORCH works on Linux");
        using TempFolder folder = new();
        File.Copy(Path.Combine(PackagedFolder, "libc10.so"), folder.File("libc10.so"));
        (int code, string output, string error) = await ChildProcess.Run("twin", folder.File("libc10.so"));
        Assert.True(code == 0, error);
        Assert.Equal($"True {folder.File("libc10.so")}", output.Trim());
    }

    [Fact]
    public async Task A_folder_without_libtorch_is_refused_in_plain_words()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "HONE_LIBTORCH works on Linux");
        using TempFolder folder = new();
        (int code, _, string error) = await ChildProcess.Run("libtorch", "", Variable(folder.Path));
        Assert.Equal(2, code);
        Assert.StartsWith($"{folder.Path}: HONE_LIBTORCH names a folder without libc10.so", error, StringComparison.Ordinal);
        Assert.DoesNotContain("TorchSharp-cpu", error, StringComparison.Ordinal);

        (code, _, error) = await ChildProcess.Run("libtorch", "", Variable(folder.File("no")));
        Assert.Equal(2, code);
        Assert.Contains("does not exist", error, StringComparison.Ordinal);

        foreach (string name in (string[])["libc10.so", "libtorch_cpu.so", "libtorch.so"])
            File.WriteAllText(folder.File(name), "no library");
        (code, _, error) = await ChildProcess.Run("libtorch", "", Variable(folder.Path));
        Assert.Equal(2, code);
        Assert.Contains("libc10.so could not be loaded", error, StringComparison.Ordinal);
        Assert.Contains("file too short", error, StringComparison.Ordinal);
    }

    /// <summary>In a child process: computes something, then prints the sum and the mapped files of libtorch.</summary>
    internal static void PrintWhatWasLoaded(string argument)
    {
        LibTorch.Load();
        LibTorch.Load();
        using torch.Tensor sum = torch.ones(2, 3).sum();
        Console.WriteLine($"sum {sum.item<float>()}, folder {LibTorch.Describe().Folder}");
        foreach (string file in Mapped("libtorch_cpu.so").Concat(Mapped("libc10.so"))) Console.WriteLine(file);
    }

    /// <summary>
    /// In a child process: loads a copy of a packaged library, hides the packaged one, asks for it by name as TorchSharp does.
    /// </summary>
    internal static void PrintTwin(string copy)
    {
        nint handle = NativeLibrary.Load(copy);
        PackagedTwin.Hide(handle, "libc10.so", copy);
        nint byName = NativeLibrary.Load("c10", typeof(torch).Assembly, null);
        Console.WriteLine($"{handle == byName} {string.Join(", ", Mapped("libc10.so"))}");
    }

    private static string PackagedFolder => Path.GetDirectoryName(LibTorch.PackagedPath("libtorch_cpu.so"))!;

    private static Dictionary<string, string> Variable(string folder) => new() { [LibTorch.FolderVariable] = folder };

    private static IEnumerable<string> Mapped(string name) =>
        File.ReadLines("/proc/self/maps")
            .Where(l => l.EndsWith("/" + name, StringComparison.Ordinal))
            .Select(l => l[l.IndexOf('/', StringComparison.Ordinal)..])
            .Distinct();

    // Links instead of copies: libtorch_cpu.so alone has 460 MB.
    private static void Link(string folder)
    {
        foreach (string file in Directory.GetFiles(PackagedFolder, "lib*")
            .Where(f => !f.Contains("LibTorchSharp", StringComparison.Ordinal)))
        {
            string link = Path.Combine(folder, Path.GetFileName(file));
            if (HardLink(file, link) != 0) File.Copy(file, link);
        }
    }

    [DllImport("libc", EntryPoint = "link")]
    private static extern int HardLink(string file, string link);
}
