using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hone.Evaluation;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>The keys of a task file, each with the place it stands at.</summary>
internal sealed partial class TaskKeys
{
    private static readonly string[] s_known =
    [
        "task", "data", "prompt", "choices", "target", "description", "num_fewshot", "fewshot_data", "metric", "extract", "stop",
        "max_gen_toks",
    ];

    // How lm-evaluation-harness spells them.
    private static readonly Dictionary<string, string> s_harness = new()
    {
        ["doc_to_text"] = "prompt",
        ["doc_to_target"] = "target",
        ["doc_to_choice"] = "choices",
        ["dataset_path"] = "data",
        ["test_split"] = "data",
        ["validation_split"] = "data",
        ["fewshot_split"] = "fewshot_data",
        ["training_split"] = "fewshot_data",
        ["metric_list"] = "metric",
        ["until"] = "stop",
        ["generation_kwargs"] = "stop and max_gen_toks",
        ["filter_list"] = "extract",
        ["output_type"] = "choices, which makes a task multiple choice",
    };

    private readonly string _path;
    private readonly MapNode _keys;

    private TaskKeys(string path, MapNode keys) => (_path, _keys) = (path, keys);

    /// <exception cref="InputException">There is no such file, it is not YAML, or a key is not known or missing.</exception>
    public static TaskKeys Read(string path)
    {
        Origin Place(YamlDotNet.Core.Mark mark) =>
            new(OriginKind.File, path, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));
        RecipeNode root = RecipeYaml.Parse(RegularFile.ReadText(path, RecipeYaml.MaxCharacters), Place);
        string all = $"Its keys: {string.Join(", ", s_known)}.";
        if (root is not MapNode keys) throw new InputException("a task file is a list of keys and values", root.Origin.Where, all);
        foreach (MapEntry entry in keys.Entries.Where(e => !s_known.Contains(e.Key)))
            throw new InputException($"a task has no key `{entry.Key}`", entry.KeyOrigin.Where,
                s_harness.TryGetValue(entry.Key, out string? own) ? $"Hone's word for it is {own}."
                : NearestName.Of(entry.Key, s_known) is { } near ? $"Did you mean {near}?" : all);
        foreach (string needed in (string[])["data", "prompt", "target"])
            if (keys.Find(needed) is null) throw new InputException($"a task needs the key `{needed}`", path,
                "docs/evaluation.md shows an example.");
        return new TaskKeys(path, keys);
    }

    public bool Has(string key) => _keys.Find(key) is not null;

    public string? Text(string key) => _keys.Find(key) switch
    {
        null => null,
        ScalarNode { Text: { } text } => text,
        { } other => throw new InputException($"`{key}`: expected a text, found {other.Kind}", other.Origin.Where),
    };

    /// <summary>A file, from the folder of the task file.</summary>
    public string Path(string key)
    {
        string full = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(_path))!, Text(key)!);
        return File.Exists(full) ? full : throw new InputException($"there is no file {full}", Where(key),
            "Paths count from the task file's folder.");
    }

    public int? Number(string key, int least) => Text(key) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least ? number
        : throw new InputException($"`{key}`: expected a whole number from {least}, found '{text}'", Where(key));

    /// <summary>A text or a list of texts; null where the key is not there.</summary>
    /// <param name="known">What they may be; null for anything.</param>
    public IReadOnlyList<string>? Words(string key, IReadOnlyList<string>? known = null)
    {
        if (_keys.Find(key) is not { } node) return null;
        List<string> words = [];
        foreach (RecipeNode item in node is ListNode list ? list.Items : [node])
        {
            if (item is not ScalarNode { Text: { } word })
                throw new InputException($"`{key}`: expected a text, found {item.Kind}", item.Origin.Where);
            if (known?.Contains(word) == false)
                throw new InputException($"`{key}` is {word}, it must be {string.Join(" or ", known)}", item.Origin.Where,
                    NearestName.Of(word, known) is { } near ? $"Did you mean {near}?" : null);
            words.Add(word);
        }
        return words;
    }

    public Regex? Pattern(string key)
    {
        if (Text(key) is not { } pattern) return null;
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, matchTimeout: TimeSpan.FromSeconds(1));
        }
        catch (RegexParseException e)
        {
            throw new InputException($"`{key}` is no regular expression: {e.Message}", Where(key), inner: e);
        }
    }

    /// <summary>A Jinja template over the columns of a row.</summary>
    public Func<TaskRow, string> Template(string key, TaskRow first) => Template(Text(key)!, Where(key), first);

    /// <summary>A list of templates, or one column that holds a list of texts.</summary>
    public Func<TaskRow, string[]> Choices(string key, TaskRow first)
    {
        switch (_keys.Find(key))
        {
            case ListNode list:
                Func<TaskRow, string>[] each = [.. Words(key)!.Zip(list.Items, (text, node) => Template(text, node.Origin.Where, first))];
                if (each.Length < 2) throw new InputException("`choices` needs two or more", Where(key));
                return row => [.. each.Select(choice => choice(row))];
            default:
                string column = Text(key)!.Trim();
                if (Column().Match(column) is { Success: true } braced) column = braced.Groups[1].Value;
                Require(column, Where(key), first);
                return row => QuestionFile.Texts(row.Doc, column, row.Where);
        }
    }

    /// <exception cref="InputException">One of the keys is there.</exception>
    public void Refuse(IEnumerable<string> keys, string why)
    {
        foreach (string key in keys.Where(Has)) throw new InputException($"`{key}` {why}", Where(key));
    }

    private string Where(string key) => _keys.Find(key)?.Origin.Where ?? _path;

    private static Func<TaskRow, string> Template(string source, string where, TaskRow first)
    {
        ChatTemplate template = ChatTemplate.Parse(source, clock: null, where);
        // Where there are only columns to be put in, one that the rows lack is a slip and not an empty text.
        if (!source.Contains("{%", StringComparison.Ordinal))
            foreach (Match column in Column().Matches(source)) Require(column.Groups[1].Value, where, first);
        return row =>
        {
            var columns = row.Doc.ToDictionary(c => c.Key, c => (object?)JsonSerializer.SerializeToElement(c.Value));
            try
            {
                return template.Render(columns);
            }
            catch (InputException e)
            {
                throw new InputException(e.What, $"{where}, {row.Where}", e.Fix, e);
            }
        };
    }

    private static void Require(string column, string where, TaskRow first)
    {
        if (first.Doc.ContainsKey(column)) return;
        string[] columns = [.. first.Doc.Select(c => c.Key)];
        throw new InputException($"the rows have no column `{column}`; they have {string.Join(", ", columns)}", where,
            NearestName.Of(column, columns) is { } near ? $"Did you mean {near}?" : null);
    }

    [GeneratedRegex(@"\{\{-?\s*([A-Za-z_]\w*)")]
    private static partial Regex Column();
}
