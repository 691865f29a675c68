using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Text;

namespace Hone.Cli;

/// <summary>What a conversation is held with: changed by the commands that are typed between its turns.</summary>
internal sealed class ChatCommands(Streams io, SamplingOptions sampling, string? system, IReadOnlyList<ChatMessage> history)
{
    private const string Usage = """"
        /system [TEXT]     the system prompt of what follows; without TEXT none
        /set [NAME VALUE]  temperature, top_p, top_k, min_p, typical_p, repetition_penalty, max_new_tokens; without NAME their values
        /seed N            seed of the answers that follow
        /history           the conversation so far
        /save FILE         appends the conversation to FILE, as a row with messages
        /reset             forgets the conversation
        /exit              ends
        A line that ends in \ goes on in the next; lines between two of three quotes (""") are one turn. Ctrl+C stops an answer.
        """";

    public SamplingOptions Sampling { get; private set; } = sampling;

    public string? System { get; private set; } = system;

    /// <summary>Does what a line that begins with a slash asks for.</summary>
    /// <returns>Whether the conversation is to be forgotten.</returns>
    /// <exception cref="InputException">There is no such command, or its value is wrong.</exception>
    public bool Do(string line)
    {
        string[] words = line.Trim().Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string argument = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case "/reset": return true;
            case "/help": io.Error.WriteLine(Usage); break;
            case "/system":
                System = argument.Length > 0 ? argument : null;
                return true; // it stands before the first turn
            case "/seed": Sampling = Sampling with { Seed = Number<ulong>("seed", argument, "a whole number") }; break;
            case "/set" when argument.Length == 0: Show(); break;
            case "/set": Set(argument.Split([' ', '='], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)); break;
            case "/history":
                foreach (ChatMessage message in history) io.Error.WriteLine($"{message.Role}: {message.Content}");
                break;
            case "/save": Save(argument); break;
            default: throw new InputException($"there is no {words[0]}", fix: "/help lists the commands.");
        }
        return false;
    }

    private void Set(string[] words)
    {
        string name = words[0], value = words.Length > 1 ? words[1] : "";
        double Real() => Number<double>(name, value, "a number");
        int Whole() => Number<int>(name, value, "a whole number");
        SamplingOptions changed = name switch
        {
            "temperature" => Sampling.AtTemperature(Real()),
            "top_p" => Sampling with { TopP = Real() },
            "top_k" => Sampling with { TopK = Whole() },
            "min_p" => Sampling with { MinP = Real() },
            "typical_p" => Sampling with { TypicalP = Real() },
            "repetition_penalty" => Sampling with { RepetitionPenalty = Real() },
            "max_new_tokens" => Sampling with { MaxNewTokens = Whole() },
            _ => throw new InputException($"there is no setting {name}", fix: "/help lists them."),
        };
        changed.Validate();
        Sampling = changed;
        if (!changed.DoSample && name is ("top_p" or "top_k" or "min_p" or "typical_p"))
            io.Error.WriteLine($"{name} counts once the temperature is above 0");
    }

    private void Show() => io.Error.WriteLine(FormattableString.Invariant($"""
        temperature {(Sampling.DoSample ? Sampling.Temperature : 0)}, top_p {Sampling.TopP}, top_k {Sampling.TopK}, min_p {Sampling.MinP}, 
        typical_p {Sampling.TypicalP}, repetition_penalty {Sampling.RepetitionPenalty}, 
        max_new_tokens {Sampling.MaxNewTokens}, seed {Sampling.Seed}{(Sampling.Beams > 1 ? $", num_beams {Sampling.Beams}" : "")}
        """).ReplaceLineEndings(""));

    private void Save(string file)
    {
        if (file.Length == 0) throw new InputException("/save needs a file", fix: "For example: /save chat.jsonl");
        if (history.Count == 0) throw new InputException("there is nothing to save yet", fix: "Type to the model first.");
        try
        {
            var row = new JsonObject
            {
                ["messages"] = new JsonArray([.. history.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
            };
            File.AppendAllText(file, row.ToJsonString() + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(e.Message, $"/save {file}", "Name a file that can be written.", e);
        }
        io.Error.WriteLine($"saved to {file}");
    }

    private static T Number<T>(string name, string value, string wanted) where T : struct, IParsable<T> =>
        T.TryParse(value, CultureInfo.InvariantCulture, out T number) ? number
            : throw new InputException($"{name} is '{value}', it must be {wanted}", fix: "For example: /set temperature 0.7");
}
