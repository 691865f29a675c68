using System.Security.Cryptography;
using System.Text;

namespace Hone.Workflow.Workers;

/// <summary>The weights that workers are to answer with.</summary>
/// <param name="Folder">Of the model or adapter, where the workers see it too.</param>
/// <param name="Version">What tells them from all others, in a few letters: a digest of them.</param>
/// <param name="IsOwn">Whether they are the user's own, which a server may have been started with; else a stage made them.</param>
internal sealed record WorkerTarget(string Folder, string Version, bool IsOwn)
{
    public static WorkerTarget Of(ModelRef model) => new(Path.GetFullPath(model.Folder),
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(model.Digest)))[..16], !model.IsStageResult);
}
