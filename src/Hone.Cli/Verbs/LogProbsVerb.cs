using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Cli;

/// <summary><c>hone logprobs</c>: what a language model makes of given tokens.</summary>
internal static class LogProbsVerb
{
    public static Command Create(Streams io)
    {
        var topK = new Option<int>("--top-k")
        {
            Description = "How many of the likeliest next tokens to print; default 8.",
            DefaultValueFactory = _ => 8,
        };
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => "auto" };
        var command = new Verb("logprobs", "Log-probabilities of the tokens of texts.", """
            Reads {"text"} or {"ids"} and prints {"ids", "token_logprobs", "last_top_ids", "last_top_logits"}, line by
            line, computed in float32. A text gets the tokenizer's special tokens, ids are taken as they are;
            token_logprobs begins with the second token.

            Example:
              echo '{"text": "Once upon a time"}' | hone logprobs --model models/sft --top-k 5
              hone logprobs --model models/sft --input rows.jsonl
            """)
        { topK, device };
        var options = new RowOptions(command);
        options.Act(command, io, parsed =>
        {
            int k = parsed.GetValue(topK);
            if (k < 0) throw new InputException($"--top-k is {k}, it must be 0 or above");
            ComputeTarget target = ComputeTarget.Parse(parsed.GetRequiredValue(device), "float32");
            using PretrainedModel model = PretrainedModel.OpenLanguageModel(options.Model(parsed, io), target);
            foreach (JsonLine line in options.Rows(parsed, io))
            {
                int[] ids = line.Has("ids")
                    ? line.Ids("ids", model.Model.Config.VocabularySize)
                    : model.Text.Tokenizer.Encode(line.Text("text"), addSpecial: true);
                if (ids.Length == 0) throw new InputException("the row has no tokens", line.Where);
                ResultPrinter.PrintJson(io.Out, Score(model.Model, ids, k));
            }
            return 0;
        });
        return command;
    }

    private static JsonObject Score(Transformer model, int[] ids, int topK)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        var scored = new ScoredTokens();
        scored.AddSegment(forest, forest.AddRoot(ids), 0);
        Tensor hidden = model.Hidden(forest);
        float[] logProbs = scored.Count == 0 ? [] : LogProbHead.LogProbs(model, hidden, scored).cpu().data<float>().ToArray();
        Tensor last = model.Logits(hidden.narrow(0, ids.Length - 1, 1)).squeeze(0);
        (Tensor top, Tensor indices) = last.topk((int)Math.Min(topK, last.shape[0]));
        return new JsonObject
        {
            ["ids"] = JsonLines.Array(ids),
            ["token_logprobs"] = JsonLines.Array(logProbs),
            ["last_top_ids"] = JsonLines.Array(indices.cpu().data<long>().ToArray().Select(i => (int)i)),
            ["last_top_logits"] = JsonLines.Array(top.cpu().data<float>().ToArray()),
        };
    }
}
