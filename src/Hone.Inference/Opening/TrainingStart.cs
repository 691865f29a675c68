using Hone.Data;
using Hone.Models;

namespace Hone.Inference;

/// <summary>How a model that is opened is going to be trained.</summary>
/// <param name="Adapter">Settings of the adapter that is trained; null trains all weights.</param>
/// <param name="Seed">What a new adapter is filled from.</param>
/// <param name="Fresh">Where the model has an adapter: a new one on top of it is trained, in place of that one.</param>
/// <param name="Frozen">How the matrices under an adapter are held while it is trained.</param>
public sealed record TrainingStart(
    LoraOptions? Adapter = null, ulong Seed = 0, bool Fresh = false, FrozenFormat Frozen = FrozenFormat.Compute);
