using System.CommandLine;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone sft</c>: supervised fine-tuning on conversations or texts.</summary>
internal static class SftVerb
{
    public static Command Create(Streams io)
    {
        Option<string> model = StageOptions.Folder("--model", "Folder of the base model (Hugging Face layout).");
        Option<string[]> data =
            StageOptions.Files("--data", "Conversations or texts: files or folders (.jsonl, .json, .csv, .parquet, .txt, packed or not).");
        var command = new Verb("sft", "Fine-tune a model on conversations.", $$"""
            Rows hold `messages`, ShareGPT `conversations`, Alpaca `instruction`/`output`, or `text`. The settings are
            those under sft in the recipe; data.held_out.sft rows are set aside for the evaluation loss.
            {{Training.Resuming}}

            Example:
              hone sft --model models/base --data chats.jsonl --epochs 2 --output models/sft
            """)
        { model, data };
        var options = new StageOptions(command, resumable: true, section: "sft", columns: true);
        options.Act(command, io, parsed => Training.Run(io, options, parsed,
            options.Resolve(parsed, Training.Inputs(parsed.GetRequiredValue(model), "data.sft", parsed.GetRequiredValue(data))),
            FileStages.Sft));
        return command;
    }
}
