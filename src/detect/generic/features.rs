//! The features of an assignment: questions with yes or no as the answer. What each answer weighs
//! stands in `weights.rs`.

use super::name::{self, Promise};
use super::place::{self, Family, Whereabouts};
use super::value::{self, Human, Looks};
use crate::detect::assignment::{Assignment, Wrapper};

macro_rules! features {
    ($($name:ident: $tells:literal,)*) => {
        /// A question about an assignment.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Feature { $(#[doc = $tells] $name,)* }

        /// All of them, in order: name, and what it tells.
        pub(super) const FEATURES: &[(&str, &str)] = &[$((stringify!($name), $tells),)*];
    };
}

features! {
    // What the name promises.
    NamePassword: "the name says password",
    NameSecret: "the name says secret or credential",
    NameToken: "the name says token",
    NameAuth: "the name says authorization",
    NameSecretKey: "the name says which key",
    NameKey: "the name says key, and not of what",
    NameNothing: "no word of the name promises a secret",
    NameAlone: "the name is that one word",
    NameInner: "the promise is not the name's last word",
    NameLong: "the name has five words or more",
    NameOther: "a word of the name says that it is something else",
    NameUpper: "the name is in capitals",
    // How it is assigned.
    Colon: "joined by a colon",
    Call: "an argument of a call",
    Element: "the text of an element",
    Blank: "behind the name without a sign",
    Option: "an option of a command",
    Compared: "compared with it",
    UserInfo: "the password in a URL",
    QueryName: "a parameter of a URL or form",
    QuotedName: "the name stands in quotes",
    WrapperKnown: "wrapped in what makes a value of a string",
    WrapperCall: "wrapped in a call",
    // Where.
    CodeQuoted: "a quoted value in code",
    CodeString: "a bare value within a string of code",
    ConfigQuoted: "a quoted value in configuration",
    ConfigBare: "a bare value in configuration",
    InJson: "in JSON",
    InMarkup: "in markup",
    ShellQuoted: "a quoted value in a script",
    ShellBare: "a bare value in a script",
    ProseQuoted: "a quoted value in prose",
    ProseBare: "a bare value in prose",
    OtherBare: "a bare value in a file of unknown kind",
    Comment: "in a comment",
    OfTests: "the path is of tests or examples",
    OfTranslations: "the path is of translations",
    LongLine: "far behind the line's begin",
    // What follows.
    ThenMember: "a member or a call follows the value",
    ThenJoin: "the value is joined with more",
    // The value's length.
    Length5: "shorter than 6",
    Length7: "of 6 or 7",
    Length11: "of 8 to 11",
    Length15: "of 12 to 15",
    Length23: "of 16 to 23",
    Length31: "of 24 to 31",
    Length63: "of 32 to 63",
    LengthMore: "of 64 and more",
    // What it is made of.
    LowerOnly: "small letters only",
    UpperOnly: "capitals only",
    LettersOnly: "letters of both cases only",
    Capitalised: "one capital, then small letters",
    DigitsOnly: "digits only",
    Hex: "hex of 16 digits and more",
    HexStandard: "hex of 32, 40 or 64 digits",
    ThreeClasses: "small letters, capitals and digits",
    LettersDigits: "letters of one case, and digits",
    FewDigits: "one to four digits, all at the end",
    Padded: "ends as base64 does",
    Symbols1: "one or two symbols",
    SymbolsMore: "symbols for a fifth of it and more",
    NotAscii: "letters beyond ASCII",
    Uuid: "a UUID",
    // How random.
    BitsLow: "fewer than 2.5 bits a character",
    BitsMiddle: "2.5 to 3.2 bits a character",
    BitsGood: "3.2 to 3.8 bits a character",
    BitsHigh: "3.8 bits a character and more",
    CostWord: "its letters follow each other as in words",
    CostMiddle: "its letters follow each other nearly as in words",
    CostRare: "its letters follow each other as in few words",
    CostRandom: "its letters follow each other at random",
    CostUnknown: "too few letters in a row to tell",
    CoverAll: "words cover all its letters",
    CoverMost: "words cover two thirds of its letters",
    CoverSome: "words cover a third of its letters",
    CoverNone: "words cover hardly a letter",
    // As people make them.
    Word: "one word",
    Words: "words only",
    WordDigits: "a word and digits",
    WordSymbolDigits: "a word, a symbol and digits",
    Leet: "a word with digits for letters",
    Keyboard: "a walk over the keyboard",
    // What stands in for a secret.
    AllStandin: "made of words that stand in for a secret",
    SomeStandin: "a word in it stands in for a secret",
    Repeat: "a character four times",
    Sequence: "five characters that count",
    // The shape of something else.
    Snake: "words joined by underscores or dashes",
    Camel: "words joined by capitals",
    Dotted: "words joined by dots",
    Path: "a path",
    Url: "a URL",
    Email: "an address",
    Brackets: "brackets or operators in it",
    ColonInside: "a colon in it",
    Quotes: "quotes in it",
    Backslash: "backslashes in it",
    Percent: "escaped for a URL",
    Dollar: "a dollar or an at sign before a word",
    EndsOdd: "ends in a comma, a colon or a stop",
    LikeName: "the name's words are in it",
    NameCase: "capitals, digits and underscores, as a constant is named",
    // Together.
    KeyRandom: "a key's name, and random",
    PasswordConfigBare: "a bare password in configuration",
    PasswordRandom: "a password's name, and random letters",
    PlainKeyHex: "plain key, and hex",
    TestHuman: "in tests, as people make them",
    ShortWordless: "short, and no word",
    KnownForm: "a provider is named whose keys have another form",
    KnownFormKey: "a provider is named whose keys have another form, and the name says no more than key",
    OddSymbols: "symbols that no token has",
    BeginsOdd: "begins with a symbol",
    PlainToken: "no more than token, secret or key, and 16 characters or more",
}

/// The answers of one assignment, as bits in the order of [`FEATURES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers(pub(super) u128);

impl Answers {
    fn set(&mut self, feature: Feature, yes: bool) {
        self.0 |= u128::from(yes) << feature as u8;
    }

    /// Answers whether a provider is named whose keys have another form.
    pub(super) fn of_known_form(mut self, yes: bool) -> Self {
        self.set(Feature::KnownForm, yes);
        let plain = self.has(Feature::NameKey) || self.has(Feature::NameAlone);
        self.set(Feature::KnownFormKey, yes && plain);
        self
    }

    pub(super) fn has(self, feature: Feature) -> bool {
        self.0 >> feature as u8 & 1 == 1
    }

    /// The numbers of the features that are answered yes.
    pub(super) fn numbers(self) -> impl Iterator<Item = usize> {
        (0..FEATURES.len()).filter(move |n| self.0 >> n & 1 == 1)
    }
}

/// Asks all questions.
pub(super) fn answers(text: &[u8], place: Whereabouts, assignment: &Assignment) -> Answers {
    let mut told = Answers::default();
    let looks = value::looks(assignment.value.of(text));
    of_name(text, assignment, &mut told);
    of_place(text, place, assignment, &mut told);
    of_value(assignment.value.of(text), &looks, &mut told);
    of_shape(text, assignment, &looks, &mut told);
    together(&looks, &mut told);
    told
}

fn of_name(text: &[u8], a: &Assignment, told: &mut Answers) {
    use Feature as F;
    let name = name::name(a.name.of(text));
    let class = match name.class {
        Promise::Nothing => F::NameNothing,
        Promise::Password => F::NamePassword,
        Promise::Secret => F::NameSecret,
        Promise::Token => F::NameToken,
        Promise::Auth => F::NameAuth,
        Promise::SecretKey => F::NameSecretKey,
        Promise::Key => F::NameKey,
    };
    told.set(class, true);
    told.set(F::NameAlone, name.words == 1);
    told.set(F::NameInner, name.class != Promise::Nothing && !name.last);
    told.set(F::NameLong, name.words >= 5);
    told.set(F::NameOther, name.other);
    told.set(F::NameUpper, name.upper);
}

fn of_place(text: &[u8], file: Whereabouts, a: &Assignment, told: &mut Answers) {
    use Feature as F;
    told.set(F::Colon, a.operator == b':');
    told.set(F::Call, matches!(a.operator, b'(' | b','));
    told.set(F::Element, a.operator == b'>');
    told.set(F::Blank, a.operator == b' ');
    let before = |n: usize| a.name.start.checked_sub(n).map_or(b'\n', |i| text[i]);
    told.set(F::Compared, a.operator == b'~');
    told.set(F::UserInfo, a.operator == b'@');
    told.set(F::Option, before(1) == b'-');
    told.set(F::QueryName, matches!(before(1), b'?' | b'&'));
    told.set(F::QuotedName, matches!(before(1), b'"' | b'\'' | b'`'));
    told.set(F::WrapperKnown, a.wrapper == Wrapper::Known);
    told.set(F::WrapperCall, a.wrapper == Wrapper::Call);
    let quoted = a.quote != 0;
    let place = match (file.family, quoted) {
        (Family::Code, true) => F::CodeQuoted,
        (Family::Code, false) => F::CodeString,
        (Family::Config, true) => F::ConfigQuoted,
        (Family::Config, false) => F::ConfigBare,
        (Family::Json, _) => F::InJson,
        (Family::Markup, _) => F::InMarkup,
        (Family::Shell | Family::Sql, true) => F::ShellQuoted,
        (Family::Shell | Family::Sql, false) => F::ShellBare,
        (Family::Prose | Family::Other, true) => F::ProseQuoted,
        (Family::Prose, false) => F::ProseBare,
        (Family::Other, false) => F::OtherBare,
    };
    told.set(place, true);
    let line = place::line_before(text, a.name.start);
    told.set(F::Comment, place::is_comment(line));
    told.set(F::LongLine, line.len() > 500);
    told.set(F::OfTests, file.of_tests);
    told.set(F::OfTranslations, file.of_translations);
    let mut behind = a.value.end + usize::from(quoted);
    while text.get(behind) == Some(&b' ') {
        behind += 1;
    }
    let next = text.get(behind).copied().unwrap_or(b'\n');
    told.set(F::ThenMember, quoted && matches!(next, b'.' | b'(' | b'['));
    told.set(F::ThenJoin, quoted && matches!(next, b'+' | b'%' | b'|'));
}

fn of_value(value: &[u8], looks: &Looks, told: &mut Answers) {
    use Feature as F;
    told.set(
        match looks.length {
            0..6 => F::Length5,
            6..8 => F::Length7,
            8..12 => F::Length11,
            12..16 => F::Length15,
            16..24 => F::Length23,
            24..32 => F::Length31,
            32..64 => F::Length63,
            _ => F::LengthMore,
        },
        true,
    );
    let letters = looks.lowers + looks.uppers;
    let all_letters = letters == looks.length;
    told.set(F::LowerOnly, looks.lowers == looks.length);
    told.set(F::UpperOnly, looks.uppers == looks.length);
    let capitalised = all_letters && looks.uppers == 1 && value[0].is_ascii_uppercase();
    told.set(F::Capitalised, capitalised);
    told.set(
        F::LettersOnly,
        all_letters && looks.lowers > 0 && looks.uppers > 0 && !capitalised,
    );
    told.set(F::DigitsOnly, looks.digits == looks.length);
    let hex = looks.length >= 16 && value.iter().all(u8::is_ascii_hexdigit) && looks.digits > 0;
    told.set(F::Hex, hex && letters > 0);
    told.set(F::HexStandard, hex && matches!(looks.length, 32 | 40 | 64));
    let three = looks.lowers > 0 && looks.uppers > 0 && looks.digits > 0;
    told.set(F::ThreeClasses, three);
    told.set(F::LettersDigits, !three && letters > 0 && looks.digits > 0);
    let ends = value
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_digit())
        .count();
    told.set(
        F::FewDigits,
        (1..=4).contains(&looks.digits) && ends == looks.digits,
    );
    let base64 =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
    told.set(F::Padded, value.ends_with(b"=") && value.iter().all(base64));
    told.set(F::Symbols1, (1..=2).contains(&looks.symbols));
    told.set(F::SymbolsMore, looks.symbols * 5 >= looks.length);
    let odd = |b: &u8| b.is_ascii_punctuation() && !b"+/=_.~:-%".contains(b);
    told.set(F::OddSymbols, value.iter().any(odd));
    told.set(F::BeginsOdd, !value[0].is_ascii_alphanumeric());
    told.set(F::NotAscii, looks.others > 0);
    told.set(F::Uuid, is_uuid(value));
    told.set(
        match looks.bits {
            ..2.5 => F::BitsLow,
            ..3.2 => F::BitsMiddle,
            ..3.8 => F::BitsGood,
            _ => F::BitsHigh,
        },
        true,
    );
    told.set(
        match looks.cost {
            None => F::CostUnknown,
            Some(..3.8) => F::CostWord,
            Some(..4.5) => F::CostMiddle,
            Some(..5.3) => F::CostRare,
            Some(_) => F::CostRandom,
        },
        true,
    );
    if looks.cover.letters > 0 {
        told.set(
            match looks.cover.share() {
                0.95.. => F::CoverAll,
                0.65.. => F::CoverMost,
                0.3.. => F::CoverSome,
                _ => F::CoverNone,
            },
            true,
        );
    }
    match looks.human {
        Human::No => {}
        Human::Word => told.set(F::Word, true),
        Human::Words => told.set(F::Words, true),
        Human::WordDigits => told.set(F::WordDigits, true),
        Human::WordSymbolDigits => told.set(F::WordSymbolDigits, true),
        Human::Leet => told.set(F::Leet, true),
        Human::Keyboard => told.set(F::Keyboard, true),
    }
    told.set(F::AllStandin, looks.all_standin);
    told.set(F::SomeStandin, looks.some_standin && !looks.all_standin);
    told.set(F::Repeat, looks.repeat >= 4);
    told.set(F::Sequence, looks.sequence >= 5);
}

fn of_shape(text: &[u8], a: &Assignment, looks: &Looks, told: &mut Answers) {
    use Feature as F;
    let value = a.value.of(text);
    let has = |wanted: &[u8]| value.iter().any(|b| wanted.contains(b));
    let pieces = |joint: &[u8]| {
        let parts: Vec<&[u8]> = value.split(|b| joint.contains(b)).collect();
        parts.len() >= 2
            && parts
                .iter()
                .all(|p| p.len() <= 16 && p.iter().all(u8::is_ascii_alphanumeric))
            && looks.cover.share() >= 0.6
    };
    told.set(F::Snake, pieces(b"_-"));
    told.set(F::Dotted, pieces(b"."));
    let humps = value
        .windows(2)
        .filter(|p| p[0].is_ascii_lowercase() && p[1].is_ascii_uppercase())
        .count();
    let alnum = value.iter().all(u8::is_ascii_alphanumeric);
    told.set(
        F::Camel,
        humps >= 1 && alnum && looks.digits <= 2 && looks.cover.share() >= 0.6,
    );
    told.set(
        F::Path,
        value.starts_with(b"/") || value.starts_with(b"./") || value.starts_with(b"~"),
    );
    told.set(F::Url, value.windows(3).any(|w| w == b"://"));
    let at = value.iter().position(|b| *b == b'@');
    told.set(
        F::Email,
        at.is_some_and(|i| i > 0 && value[i..].contains(&b'.')),
    );
    told.set(F::Brackets, has(b"()[]{}<>|;"));
    told.set(F::ColonInside, has(b":"));
    told.set(F::Quotes, has(b"\"'`"));
    told.set(F::Backslash, has(b"\\"));
    let escaped = |w: &[u8]| w[0] == b'%' && w[1..].iter().all(u8::is_ascii_hexdigit);
    told.set(F::Percent, value.windows(3).any(escaped));
    let word = |i: usize| {
        value
            .get(i)
            .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
    };
    told.set(
        F::Dollar,
        matches!(value[0], b'$' | b'@' | b'&' | b'%' | b'!') && word(1),
    );
    told.set(
        F::EndsOdd,
        matches!(
            value[value.len() - 1],
            b',' | b':' | b'.' | b'?' | b'!' | b')'
        ),
    );
    told.set(F::LikeName, like_name(a.name.of(text), value));
    let constant = value
        .iter()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    told.set(F::NameCase, constant && value.contains(&b'_'));
}

fn together(looks: &Looks, told: &mut Answers) {
    use Feature as F;
    let random = told.has(F::CostRandom) || told.has(F::CostRare) || told.has(F::CoverNone);
    let key = told.has(F::NameSecretKey)
        || told.has(F::NameKey)
        || told.has(F::NameToken)
        || told.has(F::NameSecret);
    let human = !matches!(looks.human, Human::No | Human::Word);
    told.set(F::KeyRandom, key && random && looks.length >= 16);
    told.set(
        F::PasswordConfigBare,
        told.has(F::NamePassword) && told.has(F::ConfigBare),
    );
    told.set(F::PasswordRandom, told.has(F::NamePassword) && random);
    told.set(F::PlainKeyHex, told.has(F::NameKey) && told.has(F::Hex));
    told.set(
        F::PlainToken,
        key && told.has(F::NameAlone) && looks.length >= 16,
    );
    told.set(F::TestHuman, told.has(F::OfTests) && human);
    told.set(F::ShortWordless, looks.length < 8 && told.has(F::CoverNone));
}

pub(in crate::detect) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Whether the value repeats the name, or the name holds the value.
fn like_name(name: &[u8], value: &[u8]) -> bool {
    let (name, value) = (name::letters(name), name::letters(value));
    let within = |short: &[u8], long: &[u8]| {
        short.len() >= 4 && long.windows(short.len()).any(|w| w == short)
    };
    within(&name, &value) || within(&value, &name)
}

const _: () = assert!(FEATURES.len() <= 128, "the answers are bits of a u128");
