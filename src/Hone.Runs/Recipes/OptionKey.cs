using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;

namespace Hone.Runs.Recipes;

/// <summary>A key of an option record: its name in YAML, its property, its comment and its rules.</summary>
internal sealed class OptionKey
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<OptionKey>> s_keys = new();

    private OptionKey(PropertyInfo property)
    {
        Property = property;
        Name = SnakeCase(property.Name);
        Comment = property.GetCustomAttribute<CommentAttribute>()?.Text
            ?? throw new InvalidOperationException($"{property.DeclaringType}.{property.Name} has no [Comment]");
        Path = property.GetCustomAttribute<RecipePathAttribute>();
        IsAuto = property.GetCustomAttribute<AutoAttribute>() is not null;
        Rules = [.. property.GetCustomAttributes<ValidationAttribute>()];
        ChangesResult = property.GetCustomAttribute<DoesNotChangeResultAttribute>() is null;
        Parts = (property.GetCustomAttribute<DecidesAttribute>() ?? property.DeclaringType!.GetCustomAttribute<DecidesAttribute>())?.Parts;
    }

    internal string Name { get; }
    internal PropertyInfo Property { get; }
    internal string Comment { get; }
    internal RecipePathAttribute? Path { get; }
    internal IReadOnlyList<ValidationAttribute> Rules { get; }

    /// <summary>Whether null is written <c>auto</c>.</summary>
    internal bool IsAuto { get; }

    internal Type Type => Property.PropertyType;

    /// <summary>False for a key marked with <see cref="DoesNotChangeResultAttribute"/>.</summary>
    internal bool ChangesResult { get; }

    /// <summary>The parts of <see cref="DecidesAttribute"/>; null for all.</summary>
    internal StagePart? Parts { get; }

    /// <summary>The keys of an option record, those of its base first, in the order declared.</summary>
    internal static IReadOnlyList<OptionKey> Of(Type options) => s_keys.GetOrAdd(options, static type => [.. type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.CanWrite && p.GetIndexParameters().Length == 0)
        .OrderBy(p => Depth(p.DeclaringType!)).ThenBy(p => p.MetadataToken)
        .Select(p => new OptionKey(p))]);

    /// <summary>Whether values of this type are option records with keys of their own.</summary>
    internal static bool IsSection(Type type) =>
        type.IsClass && !type.IsArray && type != typeof(string) && type.Namespace == typeof(OptionKey).Namespace;

    /// <summary>The element type of a list, or null where the type is no list.</summary>
    internal static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    internal static string SnakeCase(string name)
    {
        StringBuilder text = new();
        foreach (char c in name)
        {
            if (char.IsUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }

    private static int Depth(Type type) => type.BaseType is { } parent ? 1 + Depth(parent) : 0;
}
