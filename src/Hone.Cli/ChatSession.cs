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
internal sealed class ChatSession(LanguageModel model, ModelText text, SamplingOptions sampling, string? system, Streams io, bool json)
{
    private const string Commands = "/reset forgets the conversation, /exit ends it";
    private readonly List<ChatMessage> _history = [];
    private int _turn;

    /// <summary>Reads turns until /exit or the end of the input. A turn that fails is reported and not remembered.</summary>
    public void Converse()
    {
        io.Error.WriteLine(text.Chat is null
            ? "The model has no chat template: it goes on with each text that you type (--template NAME makes turns of them). /exit ends."
            : $"Type to the model; {Commands}.");
        while (true)
        {
            if (!Console.IsInputRedirected && ReferenceEquals(io.In, Console.In)) io.Error.Write("> ");
            if (io.In.ReadLine() is not { } line || line.Trim() is "/exit" or "/quit") return;
            if (line.Trim().Length == 0) continue;
            if (line.Trim() == "/reset") _history.Clear();
            else if (line.StartsWith('/')) io.Error.WriteLine($"there is no {line.Split(' ')[0]}; {Commands}");
            else TryAnswer(line);
        }
    }

    /// <summary>Answers one turn on stdout, token by token.</summary>
    /// <exception cref="OperationCanceledException">Ctrl+C; the turn is not remembered.</exception>
    public void Answer(string prompt)
    {
        List<ChatMessage> messages = text.Chat is null ? [] : [.. _history];
        if (messages.Count == 0 && system is not null) messages.Add(ChatMessage.System(system));
        messages.Add(ChatMessage.User(prompt));
        SamplingOptions options = sampling with { Seed = Seeds.Derive(sampling.Seed, $"turn {_turn++}") };
        int[] ids = text.Examples.Prompt(messages);
        using var stop = new StopSignal(_ => { });
        string answer = json ? Whole(prompt, ids, options, stop.Token) : Streamed(ids, options, stop.Token);
        _history.Clear();
        _history.AddRange(messages);
        _history.Add(ChatMessage.Assistant(answer));
    }

    private void TryAnswer(string prompt)
    {
        try
        {
            Answer(prompt);
        }
        catch (InputException e)
        {
            io.Error.WriteLine($"error: {e.Message}\n  {Commands}");
        }
        catch (OperationCanceledException)
        {
            io.Out.WriteLine();
            io.Error.WriteLine("stopped; this turn is forgotten");
        }
    }

    private string Streamed(int[] ids, SamplingOptions options, CancellationToken cancel)
    {
        var answer = new StringBuilder();
        foreach (string piece in model.StreamAsync(ids, options, cancel).ToBlockingEnumerable(cancel))
        {
            io.Out.Write(piece);
            io.Out.Flush();
            answer.Append(piece);
        }
        io.Out.WriteLine();
        return answer.ToString();
    }

    private string Whole(string prompt, int[] ids, SamplingOptions options, CancellationToken cancel)
    {
        Completion completion = model.Generate(ids, options, cancel);
        string answer = completion.Text ?? text.Decode(completion.Ids);
        ResultPrinter.PrintJson(io.Out, new JsonObject
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
