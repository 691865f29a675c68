using System.Diagnostics;
using Hone.Inference;
using Hone.Inference.Constraints;
using Hone.Text;

/// <summary>What holding an answer to a format costs per token, with a real vocabulary.</summary>
internal static class Masks
{
    private const string Schema = """
        {"type": "object", "properties": {"name": {"type": "string"}, "bio": {"type": "string", "maxLength": 400},
         "age": {"type": "integer", "minimum": 0, "maximum": 150}, "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}}},
         "required": ["name", "bio", "age"]}
        """;

    public static void Run(string folder)
    {
        var tokenizer = Tokenizer.Load(folder);
        string bio = string.Concat(Enumerable.Repeat("She wrote notes. ", 20));
        int[] text = tokenizer.Encode($$"""{"name": "Ada Lovelace", "bio": "{{bio}}", "age": 36}""");
        long start = Stopwatch.GetTimestamp();
        var vocabulary = new AnswerVocabulary(tokenizer, new StopRules([[tokenizer.EosId ?? 0]]), tokenizer.VocabularySize);
        double tree = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        OutputConstraint format = OutputConstraint.JsonSchema(Schema);
        double compiled = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Console.WriteLine($"{{\"vocabulary\": {vocabulary.Size}, \"tree_ms\": {tree:F0}, \"schema_ms\": {compiled:F2}}}");
        var constraint = new TokenConstraint(format.Network, vocabulary);
        float[] logits = new float[vocabulary.Size];
        foreach (string round in new[] { "first answer", "second answer" })
        {
            var answer = new ConstrainedAnswer(constraint);
            List<double> masks = [], looks = [], applied = [];
            foreach (int id in text)
            {
                start = Stopwatch.GetTimestamp();
                bool allowed = answer.Allows(id);
                looks.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                if (!allowed) throw new InvalidOperationException($"token {id} is not allowed");
                start = Stopwatch.GetTimestamp();
                ReadOnlySpan<ulong> mask = answer.Allowed();
                masks.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                start = Stopwatch.GetTimestamp();
                LogitsFilters.Allow(logits, mask);
                applied.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                answer.Take(id);
            }
            Console.WriteLine($"{{\"answer\": \"{round}\", \"tokens\": {text.Length}, \"mask_us\": {masks.Average():F1}, "
                + $"\"largest_mask_us\": {masks.Max():F0}, "
                + $"\"one_token_us\": {looks.Average():F2}, \"apply_us\": {applied.Average():F1}}}");
        }
    }
}
