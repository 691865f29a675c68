using System.Text;

namespace Hone.Evaluation;

/// <summary>
/// The language a text is written in, among those that IFEval asks for: by script where the script tells, else by letters and
/// common words that only one of the languages of a script has. A stand-in for langdetect, whose n-gram profiles Hone does not carry.
/// </summary>
internal static class WrittenLanguage
{
    // Scripts of one language, by ranges of code points.
    private static readonly (string Language, int From, int To)[] s_scripts =
    [
        ("he", 0x0590, 0x05FF), ("bn", 0x0980, 0x09FF), ("pa", 0x0A00, 0x0A7F), ("gu", 0x0A80, 0x0AFF), ("ta", 0x0B80, 0x0BFF),
        ("te", 0x0C00, 0x0C7F), ("kn", 0x0C80, 0x0CFF), ("ml", 0x0D00, 0x0D7F), ("th", 0x0E00, 0x0E7F), ("el", 0x0370, 0x03FF),
        ("ko", 0xAC00, 0xD7AF), ("ko", 0x1100, 0x11FF), ("ja", 0x3040, 0x30FF), ("han", 0x4E00, 0x9FFF), ("deva", 0x0900, 0x097F),
        ("arab", 0x0600, 0x06FF), ("cyrl", 0x0400, 0x04FF), ("latn", 'A', 'Z'), ("latn", 'a', 'z'), ("latn", 0x00C0, 0x024F),
        ("latn", 0x1E00, 0x1EFF),
    ];

    private static readonly char[] s_between = [.. " \n\r\t.,;:!?\"()*«»“”।،؟۔'’-"];

    // Languages of one script: letters that count three times, then words.
    private static readonly Dictionary<string, (string Language, string Letters, string Words)[]> s_languages = new()
    {
        ["deva"] =
        [
            ("hi", "", "है हैं था थे थी और में की के को से का नहीं यह वह एक पर हो लिए भी"),
            ("mr", "ळ", "आहे आहेत आणि होते होता ते तो या हे मध्ये नाही एक आपण साठी किंवा केले असे"),
            ("ne", "", "छ छन् हो थियो र मा को लाई गर्न यो त्यो पनि भने हुन्छ गरेको तपाईं"),
        ],
        ["arab"] =
        [
            ("ar", "ةىأإ", "في من على إلى أن هذا هذه التي الذي كان مع أو ما لا عن"),
            ("fa", "پژ", "است و در به از که این را با برای آن یک می شود خود تا"),
            ("ur", "ٹڈڑںےہھ", "ہے ہیں میں کے کی کا اور سے کو نے پر یہ ایک"),
        ],
        ["cyrl"] =
        [
            ("ru", "ыэё", "и в не на что с как это по но из у за от то для вы он она они"),
            ("uk", "іїєґ", "і в не на що з як це по але та від до для ви він вона вони"),
            ("bg", "", "и в не на че с как това по но от за да се са ще съм си той тя те ли"),
            ("mk", "ѓќѕ", "и во не на што со како ова по но од за да се ќе сум тој таа"),
        ],
        ["latn"] =
        [
            ("en", "", "the and of to in is that it for you with on are as this be was have not at from your we they i a my me he she"),
            ("de", "ß", "der die das und ist nicht ein eine zu den mit sich auf für von dem im auch es ich sie wir werden wird"),
            ("fr", "œ", "le la les et est une des dans que pour qui pas sur avec ce vous nous je il elle au du un ne sont"),
            ("es", "ñ¿¡", "el la los las y es una que en de por con para no se su como más del un lo está son yo"),
            ("pt", "ãõ", "o a os as e é uma que em de por com para não se seu como mais do da um no na são você ao"),
            ("it", "", "il la gli e è una che di in per con non si del della un sono lo le al più come anche questo io"),
            ("fi", "", "ja on ei se että hän en minä sinä ovat mutta oli kun joka tämä kuin myös niin voi olla"),
            ("sw", "", "na ya wa kwa ni katika za la cha kuwa hii huo yake yangu kama sana watu mimi wewe hiyo lakini"),
            ("pl", "łśźżćń", "i w nie na się z do to że jest jak o po co ale od przez dla są czy być"),
            ("vi", "ăđơưạảấầẩậắằặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "và của là có không được cho một trong với các những này tôi bạn để"),
            ("nl", "", "de het een en van ik niet is dat op te zijn voor met je we ook aan er maar naar"),
            ("sv", "", "och är att det en som på jag inte av för med den till har vi ett om men"),
            ("tr", "ğışİ", "ve bir bu için de da ile çok daha ben sen o ne var yok gibi kadar olarak"),
            ("id", "", "dan yang di ini itu dengan untuk tidak dari dalam pada saya anda adalah akan ke bisa juga"),
        ],
    };

    /// <summary>
    /// An ISO 639-1 code; null for a text without letters. Latin text without any known word is taken for English.
    /// </summary>
    public static string? Of(string text)
    {
        Dictionary<string, int> scripts = [];
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!Rune.IsLetter(rune)) continue;
            string script = s_scripts.FirstOrDefault(s => rune.Value >= s.From && rune.Value <= s.To).Language ?? "other";
            scripts[script] = scripts.GetValueOrDefault(script) + 1;
        }
        if (scripts.Count == 0) return null;
        // Japanese is the one that mixes: kana tell it from Chinese.
        if (scripts.GetValueOrDefault("ja") * 5 > scripts.GetValueOrDefault("han") && scripts.ContainsKey("ja"))
            scripts["ja"] += scripts.GetValueOrDefault("han");
        string main = scripts.MaxBy(s => s.Value).Key;
        if (main == "han") return "zh";
        return s_languages.TryGetValue(main, out var languages) ? Likeliest(text.ToLowerInvariant(), languages) : main;
    }

    private static string Likeliest(string text, (string Language, string Letters, string Words)[] languages)
    {
        string[] words = text.Split(s_between, StringSplitOptions.RemoveEmptyEntries);
        return languages.MaxBy(language =>
        {
            HashSet<string> known = [.. language.Words.Split(' ')];
            return words.Count(known.Contains) + (3 * text.Count(c => language.Letters.Contains(c, StringComparison.Ordinal)));
        }).Language;
    }
}
