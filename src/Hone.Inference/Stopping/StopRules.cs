namespace Hone.Inference;

/// <summary>
/// When an answer ends. The stop set is the union of the ids that <c>config.json</c>, <c>generation_config.json</c> and the
/// tokenizer declare: released chat models often declare different ones (Llama-3 chat models end a turn with
/// <c>&lt;|eot_id|&gt;</c>, 128009, where their generation config names only 128001), and an answer that misses the one it was
/// trained to end with runs on.
/// </summary>
public sealed class StopRules
{
    private readonly HashSet<int> _ids;

    /// <param name="declared">The lists of end-of-sequence ids, one per place that declares some.</param>
    public StopRules(params IEnumerable<IEnumerable<int>> declared) => _ids = [.. declared.SelectMany(ids => ids)];

    /// <summary>All stop ids, rising.</summary>
    public IReadOnlyList<int> Ids => [.. _ids.Order()];

    public bool IsStop(int id) => _ids.Contains(id);
}
