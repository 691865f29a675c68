using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

public sealed class InstructionTests
{
    /// <summary>
    /// One row or more per instruction: an answer that follows it and one that does not. The verdicts are those that Google's own
    /// checkers in lm-evaluation-harness 0.4.12 gave on these texts; the ones that need NLTK or langdetect stand below.
    /// </summary>
    [Theory]
    [InlineData("keywords:existence", """{"keywords":["river","Boat"]}""",
        "A boat on the RIVER.", "A boat on the sea.")]
    [InlineData("keywords:frequency", """{"keyword":"sun ","frequency":2,"relation":"at least"}""",
        "Sunday sun.", "One Sun.")]
    [InlineData("keywords:frequency", """{"keyword":"sun","frequency":2,"relation":"less than"}""",
        "One Sun.", "Sunday sun.")]
    [InlineData("keywords:forbidden_words", """{"forbidden_words":["cat"]}""",
        "A catalogue of scattered things.", "The CAT sat.")]
    [InlineData("keywords:letter_frequency", """{"letter":"E","let_frequency":3,"let_relation":"at least"}""",
        "Eve sees.", "Every man.")]
    [InlineData("keywords:letter_frequency", """{"letter":"e","let_frequency":3,"let_relation":"less than"}""",
        "Every man.", "Eve sees.")]
    [InlineData("length_constraints:number_paragraphs", """{"num_paragraphs":2}""",
        "one\n***\ntwo\n***", "one\n***\n***\ntwo")]
    [InlineData("length_constraints:number_paragraphs", """{"num_paragraphs":1}""",
        "just one", "one *** two")]
    [InlineData("length_constraints:number_words", """{"num_words":4,"relation":"at least"}""",
        "It's three words", "well-kept words")]
    [InlineData("length_constraints:number_words", """{"num_words":4,"relation":"less than"}""",
        "well-kept words", "It's three words")]
    [InlineData("length_constraints:nth_paragraph_first_word", """{"num_paragraphs":2,"nth_paragraph":2,"first_word":"Then"}""",
        "First.\n\n\"Then, it ended.", "First.\n\nAnd then.\n\nMore.")]
    [InlineData("length_constraints:nth_paragraph_first_word", """{"num_paragraphs":2,"nth_paragraph":2,"first_word":"then"}""",
        "First.\n\nthen", "First.\n\n\n\nThen it ended.")]
    [InlineData("detectable_content:number_placeholders", """{"num_placeholders":2}""",
        "Dear [name], of [town]", "Dear [name\n] of [town]")]
    [InlineData("detectable_content:postscript", """{"postscript_marker":"P.S."}""",
        "Bye.\np. s. write", "Bye.\nPS write")]
    [InlineData("detectable_content:postscript", """{"postscript_marker":"P.P.S"}""",
        "Bye. P.P. S more", "Bye. P.S. more")]
    [InlineData("detectable_format:number_bullet_lists", """{"num_bullets":2}""",
        "* one\n  - two\n** no", "* one\n- two\n- three")]
    [InlineData("detectable_format:constrained_response", """{}""",
        " My answer is maybe. Or so", "My answer is Maybe")]
    [InlineData("detectable_format:number_highlighted_sections", """{"num_highlights":2}""",
        "*a* and *b c*", "*a* and * * and *\n*")]
    [InlineData("detectable_format:number_highlighted_sections", """{"num_highlights":2}""",
        "**a** and **b**", "**a")]
    [InlineData("detectable_format:number_highlighted_sections", """{"num_highlights":1}""",
        "**a** and b", "** ** and b")]
    [InlineData("detectable_format:multiple_sections", """{"section_spliter":"SECTION ","num_sections":2}""",
        "SECTION 1\na\nSECTION2\nb", "SECTION 1\na\nSection 2\nb")]
    [InlineData("detectable_format:json_format", """{}""",
        "```json\n{\"a\": [1, null]}\n```", "Here: {\"a\": 1}")]
    [InlineData("detectable_format:json_format", """{}""",
        "\"only a text\"", "{'a': 1}")]
    [InlineData("detectable_format:title", """{}""",
        "<<A poem>>\nIt goes", "<< >>\nIt <<goes\non>>")]
    [InlineData("combination:two_responses", """{}""",
        "one******two******", "one******one")]
    [InlineData("combination:two_responses", """{}""",
        "one\n******\ntwo", "one******\n******two")]
    [InlineData("combination:repeat_prompt", """{"prompt_to_repeat":"Say Hi. "}""",
        "  say hi. Hi!", "I say hi.")]
    [InlineData("startend:end_checker", """{"end_phrase":"That is ALL."}""",
        "Well, that is all.\"", "That is all. Bye")]
    [InlineData("startend:quotation", """{}""",
        "\"all of it\"\n", "\"begun only")]
    [InlineData("startend:quotation", """{}""",
        "\"\"", "\"")]
    [InlineData("change_case:english_capital", """{}""",
        "THIS IS THE END, 100%.", "THIS IS THe END.")]
    [InlineData("change_case:english_lowercase", """{}""",
        "this is the end of it.", "This is the end of it.")]
    [InlineData("punctuation:no_comma", """{}""",
        "one two; three", "one, two")]
    public void Followed_or_not_as_upstream_says(string id, string arguments, string follows, string doesNot)
    {
        Instruction instruction = Of(id, arguments);
        Assert.False(instruction.Incomplete);
        Assert.True(instruction.FollowedBy(follows));
        Assert.False(instruction.FollowedBy(doesNot));
        Assert.False(instruction.FollowedBy(" \n"));
    }

    [Fact]
    public void Every_instruction_of_the_benchmark_is_known()
    {
        string[] ids =
        [
            "keywords:existence", "keywords:frequency", "keywords:forbidden_words", "keywords:letter_frequency",
            "language:response_language", "length_constraints:number_sentences", "length_constraints:number_paragraphs",
            "length_constraints:number_words", "length_constraints:nth_paragraph_first_word", "detectable_content:number_placeholders",
            "detectable_content:postscript", "detectable_format:number_bullet_lists", "detectable_format:constrained_response",
            "detectable_format:number_highlighted_sections", "detectable_format:multiple_sections", "detectable_format:json_format",
            "detectable_format:title", "combination:two_responses", "combination:repeat_prompt", "startend:end_checker",
            "change_case:capital_word_frequency", "change_case:english_capital", "change_case:english_lowercase",
            "punctuation:no_comma", "startend:quotation",
        ];
        Assert.Equal(25, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(id, Of(id, "{}").Id));
        Assert.Contains("no instruction `keywords:none`", Assert.Throws<InputException>(() => Of("keywords:none", "{}")).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("One. Two! Three?", 3)]
    [InlineData("Dr. Smith met Mr. Jones at 5 p.m. yesterday.", 1)]
    [InlineData("It cost 3.50 at shop.com today. Cheap", 2)]
    [InlineData("J. Bach wrote it. The end.", 2)]
    [InlineData("Well... maybe. So", 2)]
    [InlineData("1. First thing. 2. Second thing.", 4)]
    [InlineData("A title\n\nA text without an end", 1)]
    [InlineData("He said \"Go!\" and left. (Really.)", 3)]
    [InlineData("He said \"Go!\"", 1)]
    [InlineData("", 0)]
    public void Sentences_are_counted_by_punkts_rules(string text, int sentences) => Assert.Equal(sentences, EnglishText.Sentences(text));

    [Theory]
    [InlineData("at least", "Do it.  Now.", true)]
    [InlineData("at least", "Do it now.", false)]
    [InlineData("less than", "Do it now.", true)]
    public void Number_of_sentences(string relation, string answer, bool followed) => Assert.Equal(followed,
        Of("length_constraints:number_sentences", $$"""{"num_sentences": 2, "relation": "{{relation}}"}""").FollowedBy(answer));

    /// <summary>Tokens by the rules of the Treebank tokenizer: DO + N'T, WELL-KEPT as one, YES and NO apart, CAN + NOT.</summary>
    [Theory]
    [InlineData("DON'T", 2)]
    [InlineData("WELL-KEPT", 1)]
    [InlineData("YES,NO (MAYBE)", 3)]
    [InlineData("CANNOT", 2)]
    [InlineData("A1 12 B-2 Usa U.S.", 3)]
    [InlineData("I am 1,000 times NASA's", 2)]
    public void Capital_words_are_tokens(string text, int count)
    {
        Assert.Equal(count, EnglishText.CapitalWords(text));
        Assert.True(Of("change_case:capital_word_frequency", $$"""{"capital_frequency": {{count}}, "capital_relation": "at least"}""")
            .FollowedBy(text));
        Assert.False(Of("change_case:capital_word_frequency", $$"""{"capital_frequency": {{count}}, "capital_relation": "less than"}""")
            .FollowedBy(text));
    }

    /// <summary>Sentences after the first article of the Universal Declaration of Human Rights.</summary>
    [Theory]
    [InlineData("en", "All human beings are born free and equal in dignity and rights.")]
    [InlineData("de", "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt.")]
    [InlineData("fr", "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison.")]
    [InlineData("es", "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón.")]
    [InlineData("pt", "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. São dotados de razão.")]
    [InlineData("it", "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione.")]
    [InlineData("fi", "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki.")]
    [InlineData("sw", "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. Wote wamejaliwa akili na dhamiri.")]
    [InlineData("pl", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem.")]
    [InlineData("vi", "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.")]
    [InlineData("ru", "Все люди рождаются свободными и равными в своем достоинстве и правах.")]
    [InlineData("uk", "Всі люди народжуються вільними і рівними у своїй гідності та правах.")]
    [InlineData("bg", "Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест.")]
    [InlineData("ar", "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.")]
    [InlineData("fa", "تمام افراد بشر آزاد به دنیا می آیند و از لحاظ حیثیت و حقوق با هم برابرند.")]
    [InlineData("ur", "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔")]
    [InlineData("hi", "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।")]
    [InlineData("mr", "सर्व मानवी व्यक्ति जन्मतःच स्वतंत्र आहेत व त्यांना समान प्रतिष्ठा व समान अधिकार आहेत.")]
    [InlineData("ne", "सबै व्यक्तिहरू जन्मजात स्वतन्त्र हुन् ती सबैको समान अधिकार र महत्व छ।")]
    [InlineData("bn", "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।")]
    [InlineData("pa", "ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਆਪਣੀ ਮਹਿਮਾ ਨਾਲ ਬਰਾਬਰ ਹੈ।")]
    [InlineData("gu", "પ્રતિષ્ઠા અને અધિકારોની દૃષ્ટિએ સર્વ માનવો જન્મથી સ્વતંત્ર અને સમાન હોય છે.")]
    [InlineData("ta", "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.")]
    [InlineData("te", "ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులు.")]
    [InlineData("kn", "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ.")]
    [InlineData("th", "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน")]
    [InlineData("ko", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.")]
    [InlineData("ja", "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。")]
    [InlineData("he", "כל בני אדם נולדו בני חורין ושווים בערכם ובזכויותיהם.")]
    public void Response_language(string language, string answer)
    {
        Assert.Equal(language, WrittenLanguage.Of(answer));
        Assert.True(Of("language:response_language", $$"""{"language": "{{language}}"}""").FollowedBy(answer));
        Assert.False(Of("language:response_language", $$"""{"language": "{{(language == "en" ? "de" : "en")}}"}""").FollowedBy(answer));
    }

    /// <summary>Upstream counts a text in which nothing can be detected as followed.</summary>
    [Fact]
    public void A_text_without_letters_is_in_any_language() =>
        Assert.True(Of("language:response_language", """{"language": "de"}""").FollowedBy("12 + 3"));

    [Fact]
    public void What_a_row_does_not_say_is_not_drawn_at_random()
    {
        Instruction instruction = Of("length_constraints:number_words", """{"num_words": null, "relation": "at least"}""");
        Assert.True(instruction.Incomplete);
        Assert.False(instruction.FollowedBy("many words"));
    }

    private static Instruction Of(string id, string arguments) => Instruction.Of(id, JsonNode.Parse(arguments)!.AsObject(), "rows");
}
