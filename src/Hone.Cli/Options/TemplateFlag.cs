using System.CommandLine;
using Hone.Text;

namespace Hone.Cli;

/// <summary><c>--template</c> of every verb that renders conversations.</summary>
internal static class TemplateFlag
{
    /// <param name="prefix">Empty, or such as <c>judge-</c>.</param>
    public static Option<string?> Create(string prefix = "") => new($"--{prefix}template")
    {
        Description = "Chat template in place of the model's own, or where it has none: "
            + $"{string.Join(", ", NamedTemplates.Names)}, or a .jinja file.",
        HelpName = "name|file",
    };
}
