using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Cli;

/// <summary><c>hone tokenize</c>: texts to token ids and back.</summary>
internal static class TokenizeVerb
{
    public static Command Create(Streams io)
    {
        var decode = new Option<bool>("--decode") { Description = "The other way: {\"ids\"} to {\"text\"}, special tokens spelled out." };
        var command = new Verb("tokenize", "Turn texts into token ids, or ids into texts.", """
            Reads {"text"} and prints {"ids"}, line by line. Special tokens typed in a text stay text without
            --parse-special.

            Example:
              echo '{"text": "Hello"}' | hone tokenize --model models/sft
              hone tokenize --model models/sft --input rows.jsonl
            """)
        { decode };
        var options = new RowOptions(command);
        var add =
            new SwitchOption(command, "add-special", "Put the tokenizer's special tokens, such as BOS, around the text.", usual: true);
        var parse = new SwitchOption(command, "parse-special", "Turn names of special tokens in the text into those tokens.", usual: false);
        options.Act(command, io, parsed =>
        {
            (bool addSpecial, bool parseSpecial) = (add.Value(parsed), parse.Value(parsed));
            Tokenizer tokenizer = Tokenizer.Load(options.Model(parsed, io));
            foreach (JsonLine line in options.Rows(parsed, io))
            {
                ResultPrinter.PrintJson(io.Out, parsed.GetValue(decode)
                    ? new JsonObject { ["text"] = tokenizer.Decode(line.Ids("ids")) }
                    : new JsonObject { ["ids"] = JsonLines.Array(tokenizer.Encode(line.Text("text"), addSpecial, parseSpecial)) });
            }
            return 0;
        });
        return command;
    }
}
