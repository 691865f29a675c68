namespace Hone.Data;

/// <summary>
/// What holds a policy to its reference in DPO: reverse KL (the paper's), Jensen-Shannon, or an alpha divergence (forward KL
/// for alpha 1).
/// </summary>
public enum Divergence { ReverseKl, Js, Alpha }
