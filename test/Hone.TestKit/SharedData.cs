namespace Hone.TestKit;

/// <summary>The folder of real models and published vectors beside the checkout. Tests that need it skip where it is missing.</summary>
public static class SharedData
{
    private static readonly string? s_root = Find();

    /// <summary>Full path of a file or folder under <c>shared/data</c>; skips the running test when it is not there.</summary>
    public static string Require(string relative)
    {
        if (s_root is null) Xunit.Assert.Skip("shared/data is not beside this checkout");
        string? path = TryGet(relative);
        if (path is null) Xunit.Assert.Skip($"shared/data/{relative} is missing");
        return path;
    }

    /// <summary>Full path of a file or folder under <c>shared/data</c>; null when it is not there. For lists of test cases.</summary>
    public static string? TryGet(string relative)
    {
        string? path = s_root is null ? null : Path.Combine(s_root, relative);
        return File.Exists(path) || Directory.Exists(path) ? path : null;
    }

    private static string? Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "shared", "data");
            if (File.Exists(Path.Combine(candidate, "README.md"))) return candidate;
        }
        return null;
    }
}
