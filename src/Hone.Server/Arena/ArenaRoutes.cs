using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Text;

namespace Hone.Server;

/// <summary><c>/arena/battles</c>, <c>votes</c> and <c>table</c>: two unnamed answers, and what people think of them.</summary>
internal static class ArenaRoutes
{
    /// <summary>Longest answer where the request does not say, in tokens.</summary>
    private const int UsualLength = 1024;

    /// <summary>
    /// Streams both answers as events with <c>side</c> and <c>text</c>; the last has <c>battle</c>, which a vote names.
    /// </summary>
    public static async Task BattleAsync(Exchange exchange, ArenaHall? hall)
    {
        ArenaHall open = Opened(hall);
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        (ServedModel left, ServedModel right) = ArenaHall.Draw(exchange.Models);
        ChatMessage[] prompt = Prompt(fields);
        double temperature = fields.Number("temperature", 0, 2) ?? 1;
        var sampling = new SamplingOptions
        {
            DoSample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopP = fields.Number("top_p", 0, 1) ?? 1,
            Seed = unchecked((ulong)(fields.Whole("seed", long.MinValue, long.MaxValue) ?? Random.Shared.NextInt64())),
        };
        long? longest = fields.Whole("max_tokens", 1, int.MaxValue);
        (ServedModel Model, GenerationRequest Request)[] sides = [.. ((ServedModel[])[left, right]).Select(model =>
        {
            int[] ids = ChatPrompt.Read(fields, model, null).Ids;
            int length = AnswerSettings.Length(ids.Length, longest, UsualLength, model, "messages");
            return (model, new GenerationRequest(ids, sampling with { MaxNewTokens = length }));
        })];
        fields.End();
        AnswerSettings.CheckWork([.. sides.Select(s => s.Request)], exchange.Limits);
        var stream = new JsonStream(exchange.Http.Response, events: true);
        using var sending = new SemaphoreSlim(1);
        string[] answers = await Task.WhenAll(
            AnswerAsync("left", sides[0], exchange, stream, sending),
            AnswerAsync("right", sides[1], exchange, stream, sending)).ConfigureAwait(false);
        string battle = open.Keep(new Battle(left.Name, right.Name, prompt, answers[0], answers[1]));
        await stream.WriteAsync(new JsonObject { ["battle"] = battle }, exchange.Cancel).ConfigureAwait(false);
        await stream.DoneAsync(exchange.Cancel).ConfigureAwait(false);
    }

    public static async Task VoteAsync(Exchange exchange, ArenaHall? hall)
    {
        ArenaHall open = Opened(hall);
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        string id = fields.Text("battle") ?? throw ApiException.Invalid("`battle` is needed", "battle");
        string winner = fields.Text("vote") switch
        {
            "left" => Vote.A,
            "right" => Vote.B,
            "tie" => Vote.Tie,
            "both_bad" => Vote.BothBad,
            _ => throw RequestFields.Wrong("vote", "left, right, tie or both_bad"),
        };
        fields.End();
        Battle battle = open.Count(id, winner, exchange.Now);
        IReadOnlyList<Vote> votes = open.Votes.Votes;
        await exchange.WriteAsync(new JsonObject
        {
            ["left"] = battle.Left,
            ["right"] = battle.Right,
            ["votes"] = votes.Count,
            ["pairs"] = votes.Count(v => v.Pair is not null),
        }).ConfigureAwait(false);
    }

    public static async Task TableAsync(Exchange exchange, ArenaHall? hall)
    {
        ArenaHall open = Opened(hall);
        VoteTable table = await open.TableAsync().ConfigureAwait(false);
        await exchange.WriteAsync(new JsonObject
        {
            ["votes"] = table.Votes,
            ["pairs"] = table.Pairs,
            ["file"] = Path.GetFileName(open.Votes.Path),
            ["candidates"] = ArenaHall.Candidates(exchange.Models).Count,
            ["baseline"] = table.Baseline,
            ["models"] = new JsonArray([.. table.Rows.Select(r => r.DeepClone())]),
            ["problem"] = table.Problem,
        }).ConfigureAwait(false);
    }

    private static ArenaHall Opened(ArenaHall? hall) => hall
        ?? throw new ApiException(403, "there is no arena: the server was started without --votes FILE", code: "no_arena");

    private static ChatMessage[] Prompt(RequestFields fields)
    {
        ChatMessage[] turns = ChatPrompt.Turns(fields.Get("messages"), "messages");
        return turns[^1].Role == "user" ? turns
            : throw ApiException.Invalid("`messages` must end with a message of the user's", "messages");
    }

    private static async Task<string> AnswerAsync(string side, (ServedModel Model, GenerationRequest Request) asked, Exchange exchange,
        JsonStream stream, SemaphoreSlim sending)
    {
        var text = new AnswerText(asked.Model, [], null);
        var whole = new System.Text.StringBuilder();
        await foreach (GeneratedToken token in exchange.SampleAsync(asked.Model, [asked.Request]).ConfigureAwait(false))
        {
            string piece = text.Push(token.Id, token.Answer is not null);
            whole.Append(piece);
            if (piece.Length == 0) continue;
            await sending.WaitAsync(exchange.Cancel).ConfigureAwait(false);
            try
            {
                await stream.WriteAsync(new JsonObject { ["side"] = side, ["text"] = piece }, exchange.Cancel).ConfigureAwait(false);
            }
            finally
            {
                sending.Release();
            }
        }
        return whole.ToString();
    }
}
