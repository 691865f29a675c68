using Hone.Text;

namespace Hone.Inference.Tests;

/// <summary>The library example of the README, as it stands there, so that it compiles and runs.</summary>
internal static class ReadmeSnippet
{
    public static void Run(string folder)
    {
        // README begin
        using LanguageModel model = LanguageModel.FromPretrained(folder, device: "auto");

        ChatMessage[] messages = [ChatMessage.User("I'm trying to teach myself to have nicer handwriting. Can you help?")];

        int[] prompt = model.ApplyChatTemplate(messages, addGenerationPrompt: true);
        Completion answer = model.Generate(prompt, model.Defaults with { MaxNewTokens = 1024, DoSample = true });
        Console.WriteLine(model.Decode(answer.Ids));
        // README end
    }
}
