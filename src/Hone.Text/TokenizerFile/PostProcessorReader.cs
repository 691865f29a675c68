namespace Hone.Text.TokenizerFile;

/// <summary>The post_processor section: which ids go before and after a text when special tokens are asked for.</summary>
internal static class PostProcessorReader
{
    public static (List<int> Before, List<int> After) Read(JsonFields? section)
    {
        (List<int> Before, List<int> After) ids = ([], []);
        if (section is { } fields) ReadInto(fields, ids);
        return ids;
    }

    private static void ReadInto(JsonFields fields, (List<int> Before, List<int> After) ids)
    {
        switch (fields.Type)
        {
            case "Sequence":
                foreach (JsonFields part in fields.Items("processors")) ReadInto(part, ids);
                break;
            case "ByteLevel":
                // It moves offsets only, never ids.
                break;
            case "TemplateProcessing":
                bool after = false;
                foreach (JsonFields piece in fields.Items("single"))
                {
                    if (piece.Has("Sequence")) after = true;
                    else (after ? ids.After : ids.Before).AddRange(IdsOf(fields, piece.Child("SpecialToken").Text("id"), piece.Where));
                }
                if (!after) throw new InputException("the template has no place for the text", fields.Where + ".single");
                break;
            default:
                throw new InputException(
                    $"the post-processor \"{fields.Type}\" is not supported", fields.Where, "supported: Sequence, ByteLevel, TemplateProcessing");
        }
    }

    private static List<int> IdsOf(JsonFields template, string? name, string where)
    {
        if (name is null || !template.Has("special_tokens") || !template.Child("special_tokens").Has(name))
        {
            throw new InputException($"the template names the special token '{name}', which special_tokens does not define", where);
        }
        return template.Child("special_tokens").Child(name).Integers("ids");
    }
}
