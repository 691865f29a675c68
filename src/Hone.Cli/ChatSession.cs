using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Text;

namespace Hone.Cli;

/// <summary>
/// A conversation with a model. A model without a chat template goes on with each text on its own; one with a template
/// sees all turns so far.
/// </summary>
internal sealed class ChatSession
{
    private const string Quotes = "\"\"\"";
    private readonly LanguageModel _model;
    private readonly ModelText _text;
    private readonly Streams _io;
    private readonly bool _json;
    private readonly ChatCommands _commands;
    private readonly List<ChatMessage> _history = [];
    private int _turn;

    public ChatSession(LanguageModel model, ModelText text, SamplingOptions sampling, string? system, Streams io, bool json)
    {
        (_model, _text, _io, _json) = (model, text, io, json);
        _commands = new ChatCommands(io, sampling, system, _history);
    }

    /// <summary>Reads turns until /exit or the end of the input. A turn that fails is reported and not remembered.</summary>
    public void Converse()
    {
        _io.Error.WriteLine(_text.Chat is null
            ? "The model has no chat template: it goes on with each text that you type (--template NAME makes turns of them). /exit ends."
            : "Type to the model; /help lists the commands, /exit ends.");
        while (true)
        {
            if (Read() is not { } typed || typed.Trim() is "/exit" or "/quit") return;
            if (typed.Trim().Length == 0) continue;
            Try(() =>
            {
                if (!typed.StartsWith('/')) Answer(typed, tellSpeed: true);
                else if (_commands.Do(typed)) _history.Clear();
            });
        }
    }

    /// <summary>Answers one turn on stdout, token by token.</summary>
    /// <exception cref="OperationCanceledException">Ctrl+C; the turn is not remembered.</exception>
    public void Answer(string prompt, bool tellSpeed = false)
    {
        List<ChatMessage> messages = _text.Chat is null ? [] : [.. _history];
        if (messages.Count == 0 && _commands.System is { } system) messages.Add(ChatMessage.System(system));
        messages.Add(ChatMessage.User(prompt));
        SamplingOptions options = _commands.Sampling with { Seed = Seeds.Derive(_commands.Sampling.Seed, $"turn {_turn++}") };
        int[] ids = _text.Examples.Prompt(messages);
        using var stop = new StopSignal(_ => { });
        string answer = _json ? Whole(prompt, ids, options, stop.Token) : Streamed(ids, options, tellSpeed, stop.Token);
        _history.Clear();
        _history.AddRange(messages);
        _history.Add(ChatMessage.Assistant(answer));
    }

    /// <summary>
    /// What is typed next: a line, with those after it where it ends in a backslash, or lines between quotes; null at the end.
    /// </summary>
    private string? Read()
    {
        if (Line("> ") is not { } line) return null;
        if (line.TrimEnd() == Quotes)
        {
            var lines = new List<string>();
            while (Line(". ") is { } next && next.TrimEnd() != Quotes) lines.Add(next);
            return string.Join('\n', lines);
        }
        while (line.EndsWith('\\') && Line(". ") is { } more) line = $"{line[..^1]}\n{more}";
        return line;
    }

    private string? Line(string sign)
    {
        if (!Console.IsInputRedirected && ReferenceEquals(_io.In, Console.In)) _io.Error.Write(sign);
        return _io.In.ReadLine();
    }

    private void Try(Action turn)
    {
        try
        {
            turn();
        }
        catch (InputException e)
        {
            _io.Error.WriteLine($"error: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            _io.Out.WriteLine();
            _io.Error.WriteLine("stopped; this turn is forgotten");
        }
    }

    private string Streamed(int[] ids, SamplingOptions options, bool tellSpeed, CancellationToken cancel)
    {
        var answer = new StringBuilder();
        (int tokens, long first) = (0, 0);
        foreach ((string piece, GeneratedToken _) in _model.StreamTokensAsync(ids, options, cancel).ToBlockingEnumerable(cancel))
        {
            if (tokens++ == 0) first = Stopwatch.GetTimestamp();
            _io.Out.Write(piece);
            _io.Out.Flush();
            answer.Append(piece);
        }
        double seconds = Stopwatch.GetElapsedTime(first).TotalSeconds;
        _io.Out.WriteLine();
        if (tellSpeed && tokens > 1)
            _io.Error.WriteLine(FormattableString.Invariant($"[{tokens} tokens, {(tokens - 1) / seconds:F1} tokens/s]"));
        return answer.ToString();
    }

    private string Whole(string prompt, int[] ids, SamplingOptions options, CancellationToken cancel)
    {
        Completion completion = _model.Generate(ids, options, cancel);
        string answer = completion.Text ?? _text.Decode(completion.Ids);
        ResultPrinter.PrintJson(_io.Out, new JsonObject
        {
            ["prompt"] = prompt,
            ["answer"] = answer,
            ["finish_reason"] = completion.FinishReason,
            ["prompt_tokens"] = ids.Length,
            ["answer_tokens"] = completion.Ids.Length,
        });
        return answer;
    }
}
