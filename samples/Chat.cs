using Hone.Inference;
using Microsoft.Extensions.AI;

namespace Samples;

/// <summary>A local model behind the interface that .NET programs use for any chat model.</summary>
internal static class Chat
{
    public static async Task Run(string folder)
    {
        using var model = LanguageModel.FromPretrained(folder, device: "auto");
        using IChatClient client = new ModelChatClient(model);
        ChatMessage[] question = [new(ChatRole.User, "Give me advice about sleep.")];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(question, new ChatOptions { MaxOutputTokens = 64 }))
            Console.Write(update.Text);
        Console.WriteLine();
    }
}
