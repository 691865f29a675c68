using System.Text.Json;
using Json.Schema;

namespace Hone.Inference.Tests.Constraints;

public sealed class JsonSchemaConstraintTests
{
    public static TheoryData<string> Schemas =>
    [
        """{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}""",
        """
        {"type": "object",
         "properties": {"a": {"type": "number"}, "b": {"type": "boolean"}, "c": {"type": "null"}, "d": {"type": "string"}},
         "required": ["b"], "additionalProperties": false}
        """,
        """{"enum": ["red", "gr\"een", 3, null, {"a": [1, 2.5]}, "naïve\n"]}""",
        """{"const": {"k": "v"}}""",
        """{"type": "array", "items": {"type": "integer", "minimum": -15, "maximum": 230}, "minItems": 2, "maxItems": 5}""",
        """{"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 0}""",
        """{"type": "array", "minItems": 1}""",
        """{"type": "string", "minLength": 3, "maxLength": 7}""",
        """{"type": "string", "pattern": "^[A-Z][a-z]{1,5}(-\\d{3})?$"}""",
        """{"type": "string", "pattern": "^[\"\\\\\\n\\u0001x]+$"}""",
        """{"type": ["string", "null", "integer"], "maxLength": 2, "minimum": 7}""",
        """
        {"anyOf": [{"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 8},
                   {"type": "object", "properties": {}, "additionalProperties": {"type": "boolean"}}]}
        """,
        """
        {"oneOf": [{"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}},
                    "required": ["kind", "radius"]},
                   {"type": "object", "properties": {"kind": {"enum": ["square", "box"]}, "side": {"type": "number"}},
                    "required": ["kind"]},
                   {"type": "null"}]}
        """,
        """
        {"$defs": {"node": {"type": "object",
         "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
         "required": ["value", "next"]}}, "$ref": "#/$defs/node"}
        """,
        """
        {"type": "object",
         "properties": {"children": {"type": "array", "items": {"$ref": "#"}}, "x": {"type": "string", "format": "date"}}}
        """,
        """
        {"properties": {"x": {"type": "integer"}, "xy": true}, "required": ["z"],
         "additionalProperties": {"type": "string", "maxLength": 3}}
        """,
        """{"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false, "minItems": 2}""",
        """
        {"allOf": [{"type": "object", "required": ["q"], "properties": {"q": {"type": "string", "format": "uuid", "title": "Q"}}}],
         "title": "T"}
        """,
        """{"type": "object"}""",
        "{}",
        "true",
    ];

    /// <summary>JsonSchema.Net says what the schema takes.</summary>
    [Theory]
    [MemberData(nameof(Schemas))]
    public void Every_text_of_the_format_is_valid(string schema)
    {
        OutputConstraint format = OutputConstraint.JsonSchema(schema);
        JsonSchema validator = JsonSchema.FromText(schema);
        var random = new Random(5);
        for (int i = 0; i < 60; i++)
        {
            string text = Walks.RandomText(format, random);
            using JsonDocument document = JsonDocument.Parse(text);
            Assert.True(validator.Evaluate(document.RootElement).IsValid, text);
        }
    }

    [Theory]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["b"]}""", """
        {"a": 12, "b": "x\ty"}|{"b": ""}|{"b":"é 😀 \u00e9 \ud83d\ude00"}|{
          "a": -3,
          "b": "n"
        }
        """, """{"a": 12}|{"b": "x", "a": 1}|{"b": "x",}|{"a": 01, "b": ""}|{"a": 1.5, "b": ""}|{"b": "\ud83d"}""")]
    [InlineData("""{"type": "integer", "minimum": 95, "maximum": 1203}""", "95|99|100|199|999|1000|1203", "94|1204|095|95.0|-95|12030")]
    [InlineData("""{"type": "integer", "minimum": -20, "exclusiveMaximum": -3}""", "-20|-4|-10", "-21|-3|0|4")]
    [InlineData("""{"type": "integer", "minimum": 0}""", "0|7|9999999999999999", "-0|-1")]
    [InlineData("""{"type": "number"}""", "0|-1.5e+10|3.25", "01|.5|1.|+1|NaN")]
    [InlineData("""{"type": "string", "pattern": "a\\d|^$"}""", "\"a1\"|\"xa9é\\n\"|\"\"", "\"a\"|\"x\"|\"a1")]
    [InlineData("""{"type": "string", "minLength": 2, "maxLength": 3}""", "\"ab\"|\"😀é\"|\"\\n\\ud83d\\ude00x\"", "\"a\"|\"abcd\"|\"a")]
    [InlineData("""{"type": "object", "additionalProperties": {"type": "integer"}, "properties": {"ab": {"type": "null"}}}""",
        """{}|{"ab": null}|{"a": 1, "abc": 2}|{"ab": null, "x": 3}""", """{"ab": 1}|{"x": null}|{"x": 1, "ab": null}""")]
    public void Takes_and_leaves(string schema, string taken, string left)
    {
        OutputConstraint format = OutputConstraint.JsonSchema(schema);
        JsonSchema validator = JsonSchema.FromText(schema);
        foreach (string text in taken.Split('|'))
        {
            Assert.True(Walks.Accepts(format, text.Trim()), text);
            using JsonDocument document = JsonDocument.Parse(text);
            Assert.True(validator.Evaluate(document.RootElement).IsValid, text);
        }
        Assert.All(left.Split('|'), text => Assert.False(Walks.Accepts(format, text), text));
    }

    [Fact]
    public void Any_object_is_what_a_parser_reads()
    {
        var random = new Random(9);
        for (int i = 0; i < 200; i++)
        {
            using JsonDocument document = JsonDocument.Parse(Walks.RandomText(OutputConstraint.JsonObject, random));
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
        Assert.False(Walks.Accepts(OutputConstraint.JsonObject, "[1]"));
    }

    /// <summary>Where recursion is at its deepest, only what needs none is left: the text can always end.</summary>
    [Fact]
    public void Recursion_is_bounded_and_ends()
    {
        Assert.True(Walks.Accepts(OutputConstraint.JsonObject, Nested(20)));
        Assert.False(Walks.Accepts(OutputConstraint.JsonObject, Nested(40)));
        static string Nested(int depth) => depth == 0 ? "{}" : $"{{\"a\": {Nested(depth - 1)}}}";
    }

    [Theory]
    [InlineData("""{"type": "integer", "multipleOf": 3}""", "multipleOf")]
    [InlineData("""{"type": "number", "minimum": 3}""", "minimum")]
    [InlineData("""{"type": "array", "uniqueItems": true}""", "uniqueItems")]
    [InlineData("""{"type": "object", "patternProperties": {}}""", "patternProperties")]
    [InlineData("""{"not": {"type": "null"}}""", "not")]
    [InlineData("""{"allOf": [{"type": "object"}, {"type": "object"}]}""", "allOf")]
    [InlineData("""{"anyOf": [{"type": "object"}], "type": "object"}""", "type")]
    [InlineData("""{"oneOf": [{"type": "integer"}, {"type": "number"}]}""", "oneOf")]
    [InlineData("""{"oneOf": [{"properties": {"a": {"type": "null"}}}, {"type": "string"}]}""", "oneOf")]
    [InlineData("""{"type": "string", "format": "uri"}""", "format: uri")]
    [InlineData("""{"type": "string", "pattern": "a", "maxLength": 3}""", "pattern")]
    [InlineData("""{"type": "string", "pattern": "(?=a)"}""", "(?")]
    [InlineData("""{"$ref": "https://example.org/schema"}""", "$ref")]
    [InlineData("""{"$ref": "#/$defs/missing"}""", "missing")]
    [InlineData("""{"$ref": "#"}""", "without end")]
    [InlineData("""{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}""", "without end")]
    [InlineData("false", "allows nothing")]
    [InlineData("""{"type": "wrong"}""", "type")]
    [InlineData("""{"type": "string", "minLength": 3, "maxLength": 2}""", "minLength")]
    [InlineData("""{"type": "integer", "minimum": 3, "maximum": 2}""", "allows nothing")]
    [InlineData("{", "not valid JSON")]
    [InlineData("[]", "schema")]
    [InlineData("""{"type": "object", "nullable": true}""", "nullable")]
    public void Refuses_by_name_what_it_cannot_express(string schema, string named) =>
        Assert.Contains(named, Assert.Throws<InputException>(() => OutputConstraint.JsonSchema(schema)).Message, StringComparison.Ordinal);
}
