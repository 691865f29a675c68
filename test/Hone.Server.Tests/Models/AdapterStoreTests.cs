using System.Net;
using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Models;
using Microsoft.AspNetCore.Builder;

namespace Hone.Server.Tests;

public sealed class AdapterStoreTests(TestServer server) : IClassFixture<TestServer>, IAsyncLifetime
{
    private const string Load = "/v1/load_lora_adapter", Unload = "/v1/unload_lora_adapter";

    private readonly TempFolder _folder = new();
    private WebApplication? _app;
    private HttpClient? _client;

    public async ValueTask InitializeAsync()
    {
        Write(_folder.File("adapters/one"), server.Folder);
        Write(_folder.File("outside"), server.Folder);
        Write(_folder.File("adapters/foreign"), "owner/name");
        Directory.CreateSymbolicLink(_folder.File("adapters/link"), _folder.File("outside"));
        _app = HoneServer.Create(server.Models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(),
            new AdapterStore(_folder.File("adapters"), "cpu", "float32"));
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    [Fact]
    public async Task An_adapter_is_served_until_it_is_taken_away()
    {
        Assert.Equal(200, (await Post(Load, """{"lora_name":"mine","lora_path":"one"}""")).Status);
        Assert.Contains("name_taken", (await Post(Load, """{"lora_name":"mine","lora_path":"one"}""")).Text, StringComparison.Ordinal);
        string Ask(string model) => $$"""{"model":"{{model}}","prompt":"my garden","max_tokens":12,"temperature":0}""";
        string Text((int Status, string Text) answer) => (string)JsonNode.Parse(answer.Text)!["choices"]![0]!["text"]!;
        // A new adapter changes nothing yet.
        Assert.Equal(Text(await Post("/v1/completions", Ask("tiny"))), Text(await Post("/v1/completions", Ask("mine"))));
        Assert.Equal(200, (await Post(Unload, """{"lora_name":"mine"}""")).Status);
        Assert.Equal(404, (await Post("/v1/completions", Ask("mine"))).Status);
        Assert.Equal(404, (await Post(Unload, """{"lora_name":"mine"}""")).Status);
        Assert.Equal(404, (await Post(Unload, """{"lora_name":"tiny"}""")).Status); // not one of these
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("one/../../outside")]
    [InlineData("link")]
    [InlineData("/etc")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("none")]
    [InlineData("one\\u0000")]
    [InlineData("..\\\\outside")]
    public async Task No_path_leads_out_of_the_folder(string path) =>
        Assert.InRange((await Post(Load, $$"""{"lora_name":"x","lora_path":"{{path}}"}""")).Status, 400, 404);

    [Fact]
    public async Task An_adapter_of_another_base_is_refused() =>
        Assert.Contains("no_base", (await Post(Load, """{"lora_name":"x","lora_path":"foreign"}""")).Text, StringComparison.Ordinal);

    [Fact]
    public async Task Without_a_folder_none_is_loaded() =>
        Assert.Equal(403, (await server.Post(Load, """{"lora_name":"x","lora_path":"one"}""")).Status);

    public async ValueTask DisposeAsync()
    {
        _client!.Dispose();
        await _app!.DisposeAsync();
        _folder.Dispose();
    }

    private void Write(string folder, string baseName)
    {
        using PretrainedModel model = PretrainedModel.Open(
            server.Folder, ComputeTarget.Parse("cpu", "float32"), new TrainingStart(new LoraOptions { Rank = 2, Alpha = 4 }));
        CheckpointFolder.SaveAdapter(folder, model.Model, baseName, tokenizerFolder: server.Folder);
    }

    private async Task<(int Status, string Text)> Post(string route, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _client!.PostAsync(route, content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
