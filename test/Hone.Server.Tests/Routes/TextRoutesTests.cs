using System.Text.Json.Nodes;

namespace Hone.Server.Tests;

public sealed class TextRoutesTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Texts_become_ids_and_texts_again()
    {
        int[] expected = server.Model.Tokenizer.Encode("my garden", addSpecial: true);
        JsonNode tokens = await server.Done("/tokenize", """{"model":"tiny","prompt":"my garden","return_token_strs":true}""");
        Assert.Equal(expected, tokens["tokens"]!.AsArray().Select(id => (int)id!));
        Assert.Equal((expected.Length, 256), ((int)tokens["count"]!, (int)tokens["max_model_len"]!));
        Assert.Equal(expected.Select(server.Model.Tokenizer.TokenOf), tokens["token_strs"]!.AsArray().Select(t => (string)t!));
        JsonNode plain = await server.Done("/tokenize", """{"model":"tiny","prompt":"my garden","add_special_tokens":false}""");
        JsonNode text = await server.Done("/detokenize", new JsonObject
        {
            ["model"] = "tiny", ["tokens"] = plain["tokens"]!.DeepClone(),
        }.ToJsonString());
        Assert.Equal("my garden", (string)text["prompt"]!);
    }

    [Fact]
    public async Task A_conversation_is_rendered_as_the_chat_route_reads_it()
    {
        const string Messages = "\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]";
        string text = (string)(await server.Done("/apply-template", $"{{{Messages}}}"))["prompt"]!;
        Assert.Equal(server.Model.Chat!.Render([Text.ChatMessage.User("hello")], addGenerationPrompt: true).Text, text);
        JsonNode ids = await server.Done("/tokenize", $"{{{Messages}}}");
        JsonNode answer = await server.Done("/v1/chat/completions", $"{{{Messages},\"max_tokens\":1,\"return_token_ids\":true}}");
        Assert.Equal(answer["prompt_token_ids"]!.ToJsonString(), ids["tokens"]!.ToJsonString());
    }

    [Fact]
    public async Task With_several_models_one_must_be_named() =>
        Assert.Equal(400, (await server.Post("/tokenize", """{"prompt":"a"}""")).Status);
}
