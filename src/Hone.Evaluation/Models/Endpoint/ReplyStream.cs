using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Hone.Evaluation;

/// <summary>Replies of requests that are asked side by side, each as soon as it is there.</summary>
internal static class ReplyStream
{
    /// <param name="ask">Asks everything, and gives each reply to the action; it is cancelled when the caller takes no more.</param>
    public static async IAsyncEnumerable<Reply<T>> Of<T>(
        Func<Action<Reply<T>>, CancellationToken, Task> ask, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        Channel<Reply<T>> replies = Channel.CreateUnbounded<Reply<T>>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task all = Task.Run(async () =>
        {
            Exception? failure = null;
            try
            {
                await ask(reply => replies.Writer.TryWrite(reply), stop.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                failure = e;
            }
            replies.Writer.Complete(failure);
        }, CancellationToken.None);
        try
        {
            await foreach (Reply<T> reply in replies.Reader.ReadAllAsync(cancel).ConfigureAwait(false)) yield return reply;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await all.ConfigureAwait(false);
        }
    }
}
