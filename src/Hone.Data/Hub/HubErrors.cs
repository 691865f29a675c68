using System.Net;

namespace Hone.Data;

/// <summary>A hub's refusals as sentences that say what to do.</summary>
internal static class HubErrors
{
    public static async Task ThrowUnlessFound(HttpResponseMessage response, string where, string what, CancellationToken cancel)
    {
        if (response.IsSuccessStatusCode) return;
        string code = response.Headers.TryGetValues("X-Error-Code", out IEnumerable<string>? codes) ? codes.First() : "";
        string said = response.Headers.TryGetValues("X-Error-Message", out IEnumerable<string>? messages) ? messages.First() : "";
        if (said.Length == 0 && response.Content.Headers.ContentLength is null or < 4096)
            said = (await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)) is { Length: < 400 } body
                && !body.Contains('<', StringComparison.Ordinal) ? body : "";
        string page = where.Split('@')[0];
        throw (response.StatusCode, code) switch
        {
            (_, "GatedRepo") => new InputException($"{what}: the repository is gated{Said(said)}", where,
                $"Ask for access on its page ({page}), then set HF_TOKEN to a token of the account that has it."),
            (_, "RevisionNotFound") => new InputException("there is no such revision", where,
                "Give a branch, tag or commit of the repository."),
            (_, "EntryNotFound") => new InputException($"{what}: there is no such file at this commit", where),
            (HttpStatusCode.TooManyRequests, _) => new InputException(
                $"the hub's rate limit is "
                    + $"reached{(response.Headers.RetryAfter?.Delta is { } wait ? $"; it asks to wait {wait.TotalSeconds:0} s" : "")}",
                    where,
                "Wait and pull again: what has arrived is kept. With HF_TOKEN set the limit is higher."),
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) => new InputException(
                $"{what}: the hub refuses access{Said(said)}", where,
                "The repository does not exist, is private or is gated. Check its name; set HF_TOKEN to a token that may read it."),
            (HttpStatusCode.NotFound, _) =>
                new InputException($"{what}: not found{Said(said)}", where, "Check owner and name; a private repository needs HF_TOKEN."),
            _ => new InputException($"{what}: the hub answers {(int)response.StatusCode} {response.ReasonPhrase} after all "
                + $"tries{Said(said)}", where, "Pull again later: what has arrived is kept."),
        };
    }

    private static string Said(string message) => string.IsNullOrWhiteSpace(message) ? "" : $" (it says: {message.Trim()})";
}
