using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>
/// Win rate over KL, offline against online: a policy that went further from SFT is compared at its own KL with what offline DPO
/// gives there, between two of its policies.
/// </summary>
internal static class Frontiers
{
    /// <summary>What the two frontiers say of the released online policy; null where one of them is not there.</summary>
    public static string? Sentence(RunResults results)
    {
        ResultRow? online = results.Rows.FirstOrDefault(r => r.Selected && r.Name.StartsWith("online", StringComparison.Ordinal));
        if (online?.Kl is not { } kl || Rate(results, online) is not { } reached) return null;
        (double Kl, Interval Rate)[] offline =
        [
            (0, Interval.Exact(0.5)),
            .. results.Rows.Where(r => r.IsOffline && r.Kl is not null)
                .Where(r => r.Kl!.Value.Value > 0 && Rate(results, r) is not null)
                .Select(r => (r.Kl!.Value.Value, Rate(results, r)!.Value)).OrderBy(p => p.Item1),
        ];
        if (offline.Length < 3) return null; // one policy is no frontier
        // An estimate from few answers may lie below zero, where no KL is and nothing can be interpolated.
        if (kl.Value <= 0) return "The released policy cannot be told from SFT by its KL: there is nothing to compare it with there.";
        if (kl.Value > offline[^1].Kl)
            return "No offline policy went as far from SFT as the released one, so there is none to compare it with at its KL.";
        Interval there = Between(offline, kl.Value);
        string verdict = reached.Low > there.High ? "online DPO is ahead of it"
            : reached.High < there.Low ? "online DPO is behind it"
            : "the two cannot be told apart";
        return $"At the released policy's KL of {Format.Number(kl.Value, 2)}, offline DPO (interpolated over its betas) wins "
            + $"{Format.Percent(there.Value)}% "
            + $"[{Format.Percent(there.Low)}, {Format.Percent(there.High)}] against SFT and online DPO {Format.Percent(reached.Value)}% "
            + $"[{Format.Percent(reached.Low)}, {Format.Percent(reached.High)}]: {verdict}.";
    }

    private static Interval? Rate(RunResults results, ResultRow row) => results.HasGold ? row.GoldWinRate : row.RmWinRate;

    private static Interval Between((double Kl, Interval Rate)[] points, double kl)
    {
        int right = Array.FindIndex(points, 1, p => p.Kl >= kl);
        (double at, Interval a) = points[right - 1];
        (double to, Interval b) = points[right];
        double share = to > at ? (kl - at) / (to - at) : 1;
        double Mix(double x, double y) => x + (share * (y - x));
        return new Interval(Mix(a.Value, b.Value), Mix(a.Low, b.Low), Mix(a.High, b.High));
    }
}
