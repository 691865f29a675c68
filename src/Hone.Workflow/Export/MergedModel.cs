using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>A LoRA adapter and its base as one ordinary model folder.</summary>
public static class MergedModel
{
    /// <summary>Merges in fp32 and stores the weights in the target's number format.</summary>
    /// <param name="adapter">The adapter's folder.</param>
    /// <param name="output">The folder to be written; must not exist yet.</param>
    /// <returns>How exactly the format keeps the merged weights.</returns>
    /// <exception cref="InputException">The folder holds no adapter, or cannot be read or written.</exception>
    public static MergeError Write(string adapter, ComputeTarget target, string output)
    {
        if (!PeftConfig.IsIn(adapter))
            throw new InputException("This is no LoRA adapter: there is nothing to merge.", adapter,
                $"Give a folder with {PeftConfig.FileName}.");
        using PretrainedModel model = PretrainedModel.Open(adapter, target);
        MergeError error = LoraMerge.Into(model.Model.Weights, model.Model.Adapter!);
        CheckpointFolder.Save(output, model.Model.Weights, model.Model.Config, target.Type, adapter);
        (string front, string body) = SourceCard.Read(adapter);
        if (body.Length > 0)
            Durable.WriteText(Path.Combine(output, ModelCard.FileName),
                $"---\nlibrary_name: transformers\n{front}---\n\n{body.Replace(ModelCard.AdapterNote, "", StringComparison.Ordinal)}");
        return error;
    }
}
