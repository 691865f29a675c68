using System.Xml.Linq;

namespace Hone.Cli.Tests;

/// <summary>Each project stands above all that it uses; nothing without tensors in it knows libtorch.</summary>
public class LayeringTests
{
    private static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        ["Hone.Text"] = [],
        ["Hone.Data"] = ["Hone.Text"],
        ["Hone.Models"] = ["Hone.Text", "Hone.Data"],
        ["Hone.Inference"] = ["Hone.Text", "Hone.Data", "Hone.Models"],
        ["Hone.Training"] = ["Hone.Text", "Hone.Data", "Hone.Models", "Hone.Inference"],
        ["Hone.Evaluation"] = ["Hone.Text", "Hone.Data"],
        ["Hone.Workflow"] = ["Hone.Text", "Hone.Data", "Hone.Models", "Hone.Inference", "Hone.Training", "Hone.Evaluation"],
        ["Hone.Server"] = ["Hone.Workflow", "Hone.Inference", "Hone.Evaluation", "Hone.Text", "Hone.Data"],
        ["Hone.Cli"] = ["Hone.Workflow", "Hone.Server", "Hone.Inference", "Hone.Training", "Hone.Evaluation", "Hone.Models", "Hone.Text", "Hone.Data"],
    };

    public static TheoryData<string> Projects => [.. Directory.EnumerateFiles(Repository.File("src"), "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_those_below_it(string project)
    {
        Assert.True(s_mayUse.ContainsKey(project), $"{project} has no place in the layering");
        foreach (string used in Included(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/'))))
            Assert.Contains(used, s_mayUse[project]);
    }

    [Theory]
    [InlineData("Hone.Text")]
    [InlineData("Hone.Data")]
    [InlineData("Hone.Evaluation")]
    public void No_tensors_here(string project)
    {
        Assert.DoesNotContain(Included(project, "PackageReference"), package => package.Contains("torch", StringComparison.OrdinalIgnoreCase));
        foreach (string file in Directory.EnumerateFiles(Repository.File($"src/{project}"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)))
            Assert.DoesNotContain("TorchSharp", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_project_has_tests(string project) => Assert.True(File.Exists(Repository.File($"test/{project}.Tests/{project}.Tests.csproj")));

    private static IEnumerable<string> Included(string project, string kind) =>
        XDocument.Load(Repository.File($"src/{project}/{project}.csproj")).Descendants(kind).Select(e => (string)e.Attribute("Include")!);
}
