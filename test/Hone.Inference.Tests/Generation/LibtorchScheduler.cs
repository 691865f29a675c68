using Hone.Models;
using Hone.Text;

namespace Hone.Inference.Tests;

internal static class LibtorchScheduler
{
    extension(Scheduler)
    {
        /// <summary>A scheduler over libtorch, which reads the model's weights in place.</summary>
        public static Scheduler OnLibtorch(
            Transformer model, StopRules stops, Tokenizer? tokenizer = null, BatchLimits? limits = null) =>
            new(() => new LibtorchEngine(model), model.Config, stops, tokenizer, limits ?? BatchLimits.For(model.Device),
                KeptBetween.Nothing);
    }
}
