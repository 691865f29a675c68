using Hone.Data;

namespace Hone.Workflow.Inspection;

/// <summary>Names of the length policies, as they are typed.</summary>
internal static class LengthPolicies
{
    private static readonly Dictionary<string, LengthPolicy> s_names = new(StringComparer.Ordinal)
    {
        ["drop"] = LengthPolicy.Drop,
        ["keep_end_of_prompt"] = LengthPolicy.KeepEndOfPrompt,
        ["faithful"] = LengthPolicy.Faithful,
    };

    public static IReadOnlyCollection<string> Names => s_names.Keys;

    public static LengthPolicy Parse(string name) => s_names[name];

    public static string NameOf(LengthPolicy policy) => s_names.First(n => n.Value == policy).Key;
}
