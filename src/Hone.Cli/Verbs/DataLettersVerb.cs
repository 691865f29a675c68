using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone data letters</c>: preferences as conversations that teach a model to say which of two answers is better.</summary>
internal static class DataLettersVerb
{
    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Streams io)
    {
        Option<string[]> data = StageOptions.Files("--data", "Preference rows: files or folders.");
        var command = new Verb("letters", "Make conversations that teach a model to judge pairs.", """
            Each preference becomes a question with both answers, in an order that goes by the seed, and the answer A or B.
            hone sft trains a model on them, and online.judge lets it label the pairs of the iterations.

            Example:
              hone data letters --data preferences.jsonl --output letters.jsonl
              hone sft --model models/sft --data letters.jsonl --output models/judge
            """)
        { data };
        var options = new StageOptions(command);
        options.Act(command, io, parsed =>
        {
            string output = options.NewFile(parsed);
            Recipe recipe = options.Resolve(parsed, []).Value;
            int rows = 0;
            StageOptions.MakeRoom(output);
            Durable.WriteFile(output, stream =>
            {
                foreach (string file in DataFile.Expand(io.Data(parsed.GetRequiredValue(data))))
                {
                    DataReport read = new(file), cleaned = new($"{file}, cleaned");
                    foreach (Preference row in TrainingRows.ReadPreferences(recipe, file, read, cleaned))
                    {
                        IReadOnlyList<ChatMessage> messages = PairwiseJudge.Conversation(row, (ulong)recipe.Seed);
                        stream.Write(JsonSerializer.SerializeToUtf8Bytes(Json(messages), s_readable));
                        stream.WriteByte((byte)'\n');
                        rows++;
                    }
                    io.Error.WriteLine(read);
                    if (cleaned.DroppedCount > 0) io.Error.WriteLine(cleaned);
                }
            });
            ResultPrinter.Print(io.Out, options.Json(parsed), ("conversations", output), ("rows", rows));
            return 0;
        });
        return command;
    }

    private static JsonObject Json(IReadOnlyList<ChatMessage> messages) => new()
    {
        ["messages"] = new JsonArray([.. messages.Select(m => (JsonNode)new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
    };
}
