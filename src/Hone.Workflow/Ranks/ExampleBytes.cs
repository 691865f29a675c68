using Hone.Data;

namespace Hone.Workflow;

/// <summary>Examples as bytes, so that all ranks train on those that rank 0 has read: they need no data of their own.</summary>
internal static class ExampleBytes
{
    private const int PartBytes = 32 << 20;

    /// <summary>Gives examples to all ranks; rank 0 has them already.</summary>
    public static IReadOnlyList<T> Share<T>(Training.Ranks ranks, IReadOnlyList<T>? own)
    {
        if (ranks.Leads)
        {
            foreach (byte[] part in Parts(own!)) ranks.FromLeader(part);
            ranks.FromLeader([]);
            return own!;
        }
        var examples = new List<T>();
        while (ranks.FromLeader(null) is { Length: > 0 } part) examples.AddRange(Read<T>(part));
        return examples;
    }

    internal static IEnumerable<T> Read<T>(byte[] part)
    {
        using var reader = new BinaryReader(new MemoryStream(part));
        while (reader.BaseStream.Position < part.Length) yield return (T)Read<T>(reader);
    }

    internal static IEnumerable<byte[]> Parts<T>(IReadOnlyList<T> examples)
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (T example in examples)
        {
            if (example is SftExample sft) Write(writer, sft);
            else Write(writer, (PromptExample)(object)example!);
            if (stream.Length < PartBytes) continue;
            yield return stream.ToArray();
            stream.SetLength(0);
        }
        if (stream.Length > 0) yield return stream.ToArray();
    }

    private static object Read<T>(BinaryReader reader) => typeof(T) == typeof(SftExample) ? ReadSft(reader) : ReadPrompt(reader);

    private static void Write(BinaryWriter writer, SftExample example)
    {
        Write(writer, example.Ids);
        foreach (bool learnt in example.LossMask) writer.Write(learnt);
    }

    private static SftExample ReadSft(BinaryReader reader)
    {
        int[] ids = ReadIds(reader);
        return new SftExample(ids, [.. ids.Select(_ => reader.ReadBoolean())]);
    }

    private static void Write(BinaryWriter writer, PromptExample example)
    {
        Write(writer, example.Prompt);
        writer.Write7BitEncodedInt(example.Answers.Length);
        foreach (int[] answer in example.Answers) Write(writer, answer);
        writer.Write7BitEncodedInt(example.Comparisons.Length);
        foreach (Comparison c in example.Comparisons)
        {
            writer.Write7BitEncodedInt(c.Better);
            writer.Write7BitEncodedInt(c.Worse);
            writer.Write(c.Margin);
        }
        writer.Write(example.Labels is not null);
        foreach (AnswerLabel label in example.Labels ?? []) writer.Write((byte)label);
        writer.Write(example.ReferenceLogps is not null);
        foreach (double logp in example.ReferenceLogps ?? []) writer.Write(logp);
    }

    private static PromptExample ReadPrompt(BinaryReader reader)
    {
        int[] prompt = ReadIds(reader);
        int[][] answers = [.. Enumerable.Range(0, reader.Read7BitEncodedInt()).Select(_ => ReadIds(reader))];
        Comparison[] comparisons = [.. Enumerable.Range(0, reader.Read7BitEncodedInt()).Select(_ =>
            new Comparison(reader.Read7BitEncodedInt(), reader.Read7BitEncodedInt()) { Margin = reader.ReadDouble() })];
        AnswerLabel[]? labels = reader.ReadBoolean() ? [.. answers.Select(_ => (AnswerLabel)reader.ReadByte())] : null;
        double[]? logps = reader.ReadBoolean() ? [.. answers.Select(_ => reader.ReadDouble())] : null;
        return new PromptExample(prompt, answers) { Comparisons = comparisons, Labels = labels, ReferenceLogps = logps };
    }

    private static void Write(BinaryWriter writer, int[] ids)
    {
        writer.Write7BitEncodedInt(ids.Length);
        foreach (int id in ids) writer.Write7BitEncodedInt(id);
    }

    private static int[] ReadIds(BinaryReader reader)
    {
        int[] ids = new int[reader.Read7BitEncodedInt()];
        for (int i = 0; i < ids.Length; i++) ids[i] = reader.Read7BitEncodedInt();
        return ids;
    }
}
