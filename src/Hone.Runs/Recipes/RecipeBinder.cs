using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>Turns a complete tree into option records and checks each value against its type and rules.</summary>
internal sealed class RecipeBinder(string recipeFolder, string workingFolder)
{
    internal object Bind(Type type, MapNode node, string path = "")
    {
        object options = Activator.CreateInstance(type)!;
        foreach (OptionKey key in OptionKey.Of(type))
        {
            string full = path.Length == 0 ? key.Name : $"{path}.{key.Name}";
            RecipeNode value = node.Find(key.Name)!;
            object? bound = BindValue(key, key.Type, value, full);
            foreach (ValidationAttribute rule in key.Rules)
            {
                if (!rule.IsValid(bound)) throw Refused(rule, full, value);
            }
            key.Property.SetValue(options, bound);
        }
        return options;
    }

    private object? BindValue(OptionKey key, Type type, RecipeNode node, string path)
    {
        if (OptionKey.IsSection(type)) return Bind(type, (MapNode)node, path);
        if (OptionKey.ElementOf(type) is { } element)
        {
            IReadOnlyList<RecipeNode> items = ((ListNode)node).Items;
            Array list = Array.CreateInstance(element, items.Count);
            for (int i = 0; i < items.Count; i++) list.SetValue(BindValue(key, element, items[i], $"{path}.{i}"), i);
            return list;
        }
        string? text = ((ScalarNode)node).Text;
        if (key.IsAuto && text == "auto") text = null;
        if (!OptionValue.TryParse(type, text, out object? value, out string expected))
        {
            Type choice = Nullable.GetUnderlyingType(type) ?? type;
            if (choice == typeof(Precision) && text is "fp16" or "float16" or "half")
                throw new InputException($"{path}: {text} is not trained in: {Precisions.NoHalf}", node.Origin.Where, "Take bf16 or fp32.");
            string? near = choice.IsEnum && text is not null ? NearestName.Of(text, OptionValue.Names(choice)) : null;
            throw new InputException($"{path}: expected {expected}, found {node.Kind}", node.Origin.Where,
                near is null ? null : $"Did you mean '{near}'?");
        }
        return key.Path is not null && value is string written ? FullPath(written, key.Path, node.Origin, path) : value;
    }

    private string FullPath(string written, RecipePathAttribute rule, Origin origin, string path)
    {
        if (rule.Except.Contains(written)) return written;
        if (written.Length == 0 || written.Contains('\0', StringComparison.Ordinal))
            throw new InputException($"{path}: expected a path, found '{written}'", origin.Where);
        // An id of a hub stays what it is.
        if (written.StartsWith(HubId.Scheme, StringComparison.Ordinal)) return HubId.Parse(written).ToString();
        return Path.GetFullPath(written, origin.Kind == OriginKind.File ? recipeFolder : workingFolder);
    }

    private static InputException Refused(ValidationAttribute rule, string path, RecipeNode node)
    {
        string allowed = rule switch
        {
            RangeAttribute range => $"{(range.MinimumIsExclusive ? "more than" : "from")} {OptionValue.Format(range.Minimum)} "
                + $"{(range.MaximumIsExclusive ? "to less than" : "to")} {OptionValue.Format(range.Maximum)}",
            MinLengthAttribute length => $"at least {length.Length} element{(length.Length == 1 ? "" : "s")}",
            _ => rule.ErrorMessage ?? rule.GetType().Name,
        };
        return new($"{path}: {node.Kind} is not allowed", node.Origin.Where, $"Allowed: {allowed}.");
    }
}
