namespace Hone.Training;

/// <summary>
/// A rank of a training is gone: killed, stopped, cut off from the others, or ended by an error of its own. The message names it and
/// its host. Exit code 1; the run goes on from its last state.
/// </summary>
internal sealed class RankLostException(string message) : Exception(message);
