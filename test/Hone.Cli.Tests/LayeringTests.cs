using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Hone.Cli.Tests;

/// <summary>
/// Each project stands above all that it uses; nothing without tensors in it knows libtorch. What a project uses is read
/// from its compiled assembly, not from what its source or its project file says.
/// </summary>
public class LayeringTests
{
    private static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        ["Hone.Text"] = [],
        ["Hone.Data"] = ["Hone.Text"],
        ["Hone.Models"] = ["Hone.Text", "Hone.Data"],
        ["Hone.Inference"] = ["Hone.Text", "Hone.Data", "Hone.Models"],
        ["Hone.Training"] = ["Hone.Text", "Hone.Data", "Hone.Models"],
        ["Hone.Evaluation"] = ["Hone.Text", "Hone.Data"],
        ["Hone.Runs"] = ["Hone.Text", "Hone.Data", "Hone.Evaluation"],
        ["Hone.Workflow"] = ["Hone.Text", "Hone.Data", "Hone.Models", "Hone.Inference", "Hone.Training", "Hone.Evaluation", "Hone.Runs"],
        ["Hone.Server"] = ["Hone.Text", "Hone.Data", "Hone.Inference", "Hone.Evaluation", "Hone.Runs"],
        ["Hone.Cli"] =
        [
            "Hone.Text", "Hone.Data", "Hone.Models", "Hone.Inference", "Hone.Training", "Hone.Evaluation", "Hone.Runs", "Hone.Workflow",
                "Hone.Server",
        ],
    };

    // Uses that the architecture does not want, each until what it says is done.
    private static readonly Dictionary<string, string[]> s_notYetGone = new()
    {
        // An opened model shows its transformer, which scoring takes.
        ["Hone.Server"] = ["Hone.Models"],
    };

    private static readonly string[] s_withoutTensors = ["Hone.Text", "Hone.Data", "Hone.Evaluation", "Hone.Runs"];

    public static TheoryData<string> Projects =>
        [.. Directory.EnumerateFiles(Repository.File("src"), "*.csproj", SearchOption.AllDirectories)
        .Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    public static TheoryData<string> WithoutTensors => [.. s_withoutTensors];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_those_below_it(string project)
    {
        Assert.True(s_mayUse.ContainsKey(project), $"{project} has no place in the layering");
        string[] allowed = [.. s_mayUse[project], .. s_notYetGone.GetValueOrDefault(project, [])];
        Assert.Empty(Used(project).Except(allowed));
        Assert.Empty(Named(project).Except(allowed));
    }

    /// <summary>
    /// References of references are off, so a project cannot use what it does not name; nor does it name what it does not
    /// use.
    /// </summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_names_what_it_uses_and_no_more(string project) => Assert.Equal(Used(project), Named(project));

    [Fact]
    public void What_is_not_yet_gone_is_still_used()
    {
        foreach ((string project, string[] uses) in s_notYetGone) Assert.Empty(uses.Except(Used(project)));
    }

    [Theory]
    [MemberData(nameof(WithoutTensors))]
    public void No_tensors_here(string project)
    {
        Assert.DoesNotContain(Included(project, "PackageReference"),
            package => package.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(References(project), used => used.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(Used(project).Except(s_withoutTensors));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_project_has_tests(string project) =>
        Assert.True(File.Exists(Repository.File($"test/{project}.Tests/{project}.Tests.csproj")));

    private static string[] Named(string project) =>
        [.. Included(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/')))
            .Order(StringComparer.Ordinal)];

    private static string[] Used(string project) =>
        [.. References(project).Where(r => r.StartsWith("Hone.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The assemblies that a project's own refers to.</summary>
    private static string[] References(string project)
    {
        string assembly = project == "Hone.Cli" ? "hone" : project;
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll")));
        MetadataReader metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))];
    }

    private static IEnumerable<string> Included(string project, string kind) =>
        XDocument.Load(Repository.File($"src/{project}/{project}.csproj")).Descendants(kind).Select(e => (string)e.Attribute("Include")!);
}
