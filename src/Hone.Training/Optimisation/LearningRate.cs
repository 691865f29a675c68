using Hone.Data;

namespace Hone.Training;

/// <summary>
/// The learning rate as a pure function of the step, so that resuming needs no state
/// (transformers' <c>get_*_schedule_with_warmup</c>).
/// </summary>
public static class LearningRate
{
    /// <param name="step">0-based optimiser step.</param>
    /// <param name="total">Optimiser steps of the whole training.</param>
    /// <param name="warmupRatio">Share of the steps over which the rate rises linearly from 0; rounded up.</param>
    public static double At(int step, int total, double peak, double warmupRatio, Schedule schedule)
    {
        // The only step there is must not be the idle first one of the warm-up.
        int warmup = Math.Min((int)Math.Ceiling(total * warmupRatio), total - 1);
        if (step < warmup) return peak * step / warmup;
        double progress = (double)(step - warmup) / Math.Max(1, total - warmup);
        return schedule switch
        {
            Schedule.Cosine => peak * 0.5 * (1 + Math.Cos(Math.PI * progress)),
            Schedule.Linear => peak * (1 - progress),
            _ => peak,
        };
    }
}
