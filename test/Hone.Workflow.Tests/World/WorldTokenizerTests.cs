using System.Text.Json;
using System.Text.RegularExpressions;
using Hone.Text;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.World;

public class WorldTokenizerTests
{
    [Fact]
    public void Every_word_of_the_world_is_one_token_and_no_token_is_idle()
    {
        using TempFolder folder = new();
        WorldTokenizer.Write(folder.Path);
        JsonElement json = Read(folder, "tokenizer.json");
        Dictionary<string, int> vocabulary = json.GetProperty("model").GetProperty("vocab").EnumerateObject()
            .ToDictionary(p => p.Name, p => p.Value.GetInt32());
        Regex split = new(json.GetProperty("pre_tokenizer").GetProperty("pretokenizers")[0].GetProperty("pattern").GetProperty("Regex")
            .GetString()!);
        HashSet<string> used = [];
        foreach (string text in Texts())
        {
            string[] units = [.. split.Matches(text).Select(m => m.Value)];
            Assert.Equal(units, WorldText.Units(text));
            used.UnionWith(units.Select(u => u.Replace(' ', 'Ġ')));
        }
        Assert.Empty(used.Except(vocabulary.Keys));
        Assert.Empty(vocabulary.Keys.Where(k => k.Length > 1).Except(used));
        Assert.Equal(Enumerable.Range(0, vocabulary.Count), vocabulary.Values.Order());
        Assert.Equal(256, vocabulary.Keys.Count(k => k.Length == 1));
        Assert.InRange(WorldTokenizer.VocabularySize, 500, 600);
    }

    [Fact]
    public void Special_tokens_agree_across_the_files()
    {
        using TempFolder folder = new();
        WorldTokenizer.Write(folder.Path);
        JsonElement[] added = [.. Read(folder, "tokenizer.json").GetProperty("added_tokens").EnumerateArray()];
        Assert.All(added,
            token => Assert.Equal(WorldTokenizer.IdOf(token.GetProperty("content").GetString()!), token.GetProperty("id").GetInt32()));
        Assert.Equal(WorldTokenizer.VocabularySize - 1, added.Max(token => token.GetProperty("id").GetInt32()));
        JsonElement config = Read(folder, "tokenizer_config.json"), generation = Read(folder, "generation_config.json"),
            map = Read(folder, "special_tokens_map.json");
        foreach (string role in new[] { "bos", "eos", "pad" })
        {
            string token = config.GetProperty($"{role}_token").GetString()!;
            Assert.Equal(token, map.GetProperty($"{role}_token").GetString());
            Assert.Equal(WorldTokenizer.IdOf(token), generation.GetProperty($"{role}_token_id").GetInt32());
        }
        Assert.NotEqual(config.GetProperty("pad_token").GetString(), config.GetProperty("eos_token").GetString());
    }

    [Fact]
    public void Hones_tokenizer_reads_it_one_token_a_word_and_gives_texts_back()
    {
        using TempFolder folder = new();
        WorldTokenizer.Write(folder.Path);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        Assert.Equal(WorldTokenizer.VocabularySize, tokenizer.VocabularySize);
        Assert.Equal(
            (WorldTokenizer.IdOf(WorldTokenizer.BeginOfText), WorldTokenizer.IdOf(WorldTokenizer.End),
                WorldTokenizer.IdOf(WorldTokenizer.Pad)),
            (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        foreach (string text in Texts().Take(3000))
        {
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(WorldText.Length(text), ids.Length);
            Assert.Equal(text, tokenizer.Decode(ids));
        }
        foreach (string other in new[] { "Élan vital, 42%\n\n漢字 <|end|>", "  rope  rope\t", "ropes don't" })
            Assert.Equal(other, tokenizer.Decode(tokenizer.Encode(other)));
        Assert.Equal(WorldTokenizer.IdOf(WorldTokenizer.BeginOfText), tokenizer.Encode("Start", addSpecial: true)[0]);
    }

    [Fact]
    public void The_chat_template_costs_two_tokens_a_turn_and_masks_what_the_assistant_wrote()
    {
        using TempFolder folder = new();
        WorldTokenizer.Write(folder.Path);
        ChatFormat format = ChatFormat.Load(folder.Path);
        ChatMessage[] messages = [ChatMessage.User("Tell me something."), ChatMessage.Assistant("Start with the rope.")];
        MaskedChat chat = format.RenderMasked(messages);
        RenderedChat prompt = format.Render(messages[..1], addGenerationPrompt: true);
        Assert.Equal("<|begin_of_text|><|user|>Tell me something.<|end|><|assistant|>Start with the rope.<|end|>", chat.Text);
        Assert.Equal(1 + 2 + 4 + 2 + 5, chat.Ids.Length);
        Assert.Equal(prompt.Ids, chat.Ids[..prompt.Ids.Length]);
        Assert.Equal(chat.Ids.Select((_, i) => i >= prompt.Ids.Length), chat.AssistantMask);
        Assert.Equal(WorldTokenizer.IdOf(WorldTokenizer.End), chat.Ids[^1]);
        Assert.ThrowsAny<Exception>(() => format.Render([ChatMessage.System("Be kind."), .. messages]));
    }

    private static IEnumerable<string> Texts()
    {
        SmallWorld world = SmallWorld.Create(2);
        return world.BaseDocuments(3000).SelectMany(d => d.Parts)
            .Concat(world.Conversations(WorldSplit.Sft, 3000).SelectMany(c => c.Messages.Select(m => m.Content)));
    }

    private static JsonElement Read(TempFolder folder, string name) => JsonDocument.Parse(File.ReadAllText(folder.File(name))).RootElement;
}
