//! Phone numbers and email addresses, as people write them, read into their one form. Whose they are is not known here.

use email_address::{EmailAddress, Options};
use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber, Type};
use protocol::service::ContactKind;
use url::Host;

/// No number is written longer.
const LONGEST_PHONE: usize = 40;
/// RFC 5321 §4.5.3.1.3, without the brackets.
const LONGEST_EMAIL: usize = 254;

/// A phone number in E.164, or an email address whose domain is in small letters and in ASCII. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    kind: ContactKind,
    value: String,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contact({})", self.kind.as_str())
    }
}

/// Where messages may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    /// Of numbers that are written without their country.
    default: Id,
    /// Those of other countries are refused: a message to some costs a hundred times as much, which is what a flood of them is for.
    allowed: Vec<Id>,
}

impl Regions {
    /// By ISO 3166's two letters; none are allowed but the default where the list is empty.
    ///
    /// # Errors
    /// What is no region.
    pub fn parse(default: &str, allowed: &[String]) -> Result<Self, String> {
        let id = |text: &str| text.parse::<Id>().map_err(|_| text.to_owned());
        let default = id(default)?;
        let mut allowed: Vec<Id> = allowed.iter().map(|text| id(text)).collect::<Result<_, _>>()?;
        if allowed.is_empty() {
            allowed.push(default);
        }
        Ok(Self { default, allowed })
    }
}

impl Contact {
    /// A number that gets short messages, with or without its country, in whatever spelling.
    pub fn phone(text: &str, regions: &Regions) -> Option<Self> {
        let text: String = text.trim().chars().map(narrow).collect();
        if text.len() > LONGEST_PHONE || text.contains(char::is_control) {
            return None;
        }
        let number = phonenumber::parse(Some(regions.default), &text).ok()?;
        let is_mobile = matches!(number.number_type(&DATABASE), Type::Mobile | Type::FixedLineOrMobile);
        let is_allowed = number.country().id().is_some_and(|region| regions.allowed.contains(&region));
        let is_whole = number.is_valid() && number.extension().is_none();
        (is_mobile && is_allowed && is_whole).then(|| Self { kind: ContactKind::Phone, value: e164(&number) })
    }

    /// An address on the internet. What is before its `@` is kept as it is written: only its server knows which of them are one.
    pub fn email(text: &str) -> Option<Self> {
        // Also at its ends: a line break makes a header of what follows.
        if text.contains(char::is_control) || text.len() > LONGEST_EMAIL {
            return None;
        }
        let (local, domain) = text.trim().rsplit_once('@')?;
        let domain = match Host::parse(domain.trim_end_matches('.')) {
            Ok(Host::Domain(domain)) => domain,
            _ => return None,
        };
        // Few servers take another one yet (RFC 6531).
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        let address = format!("{local}@{domain}");
        let is_one = local.is_ascii()
            && address.len() <= LONGEST_EMAIL
            && EmailAddress::parse_with_options(&address, options).is_ok();
        is_one.then_some(Self { kind: ContactKind::Email, value: address })
    }

    /// One that a store has kept.
    pub fn kept(kind: ContactKind, value: String) -> Self {
        Self { kind, value }
    }

    /// What it is.
    pub fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The one form, for the store, for a sender and for whoever may know it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Who gets what is sent there, as far as anybody can know: most servers read a local part without its case and its tag, and whoever
    /// is flooded does not care how the address was written.
    pub fn mailbox(&self) -> String {
        match self.value.rsplit_once('@') {
            Some((local, domain)) if self.kind == ContactKind::Email && !local.starts_with('"') => {
                let local = local.split('+').next().filter(|local| !local.is_empty()).unwrap_or(local);
                format!("{}@{domain}", local.to_ascii_lowercase())
            }
            _ => self.value.to_ascii_lowercase(),
        }
    }

    /// As much as tells the person which one it is, and nobody else what.
    pub fn shown(&self) -> String {
        match self.kind {
            ContactKind::Phone => shown_phone(&self.value),
            ContactKind::Email => shown_email(&self.value),
        }
    }
}

fn e164(number: &PhoneNumber) -> String {
    number.format().mode(Mode::E164).to_string()
}

fn shown_phone(value: &str) -> String {
    let country = phonenumber::parse(None, value).map(|number| number.code().value().to_string());
    let country = country.unwrap_or_default();
    let national = value.get(1 + country.len()..).unwrap_or_default();
    let (first, last) = if national.len() >= 10 { (3, 4) } else { (2, 2) };
    let (first, last) = (national.get(..first), national.get(national.len().saturating_sub(last)..));
    format!("+{country} {} **** {}", first.unwrap_or_default(), last.unwrap_or_default())
}

fn shown_email(value: &str) -> String {
    let (local, domain) = value.rsplit_once('@').unwrap_or_default();
    let mut letters = local.chars();
    let first = letters.next().map(String::from).unwrap_or_default();
    let last = letters.next_back().filter(|_| local.len() > 3).map(String::from).unwrap_or_default();
    format!("{first}***{last}@{domain}")
}

/// As Chinese keyboards write digits and signs.
pub(crate) fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xff01 + 0x21).unwrap_or(character),
        '\u{3000}' => ' ',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(allowed: &[&str]) -> Regions {
        let allowed: Vec<String> = allowed.iter().map(|text| (*text).into()).collect();
        Regions::parse("CN", &allowed).expect("regions")
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        for text in [
            "13800138000",
            " 138 0013 8000 ",
            "138-0013-8000",
            "+86 138 0013 8000",
            "008613800138000",
            "+8613800138000",
            "１３８００１３８０００",
            "＋86 138 0013 8000",
        ] {
            let phone = Contact::phone(text, &regions(&[]));
            assert_eq!(phone.as_ref().map(Contact::value), Some("+8613800138000"), "{text}");
        }
        let abroad = Contact::phone("+1 415 555 2671", &regions(&["CN", "US"])).expect("a number");
        assert_eq!((abroad.value(), abroad.shown().as_str()), ("+14155552671", "+1 415 **** 2671"));
    }

    #[test]
    fn what_gets_no_message_is_no_number() {
        let long = "1".repeat(200);
        let nobody = [
            "",
            "1380013800",
            "23800138000",
            "110",
            "010 6552 9988",
            "+1 415 555 2671",
            "138001\n38000",
            "13800138000 ext. 5",
            "tel:13800138000;phone-context=+1",
            "a@b.example",
            &long,
        ];
        for text in nobody {
            assert_eq!(Contact::phone(text, &regions(&[])), None, "{text}");
        }
        assert_eq!(Regions::parse("XX", &[]), Err("XX".into()));
        assert_eq!(Regions::parse("CN", &["US".into(), "us".into()]), Err("us".into()));
    }

    #[test]
    fn an_address_is_one_however_its_domain_is_written() {
        for (text, value) in [
            ("chen@shop.example", "chen@shop.example"),
            (" chen@Shop.EXAMPLE ", "chen@shop.example"),
            ("Chen@shop.example.", "Chen@shop.example"),
            ("chen+shop@shop.example", "chen+shop@shop.example"),
            ("chen@邮箱.中国", "chen@xn--c0zu34b.xn--fiqs8s"),
            ("chen@XN--C0ZU34B.xn--fiqs8s", "chen@xn--c0zu34b.xn--fiqs8s"),
            (r#""chen ping"@shop.example"#, r#""chen ping"@shop.example"#),
            (r#""chen@home"@shop.example"#, r#""chen@home"@shop.example"#),
            ("o'hara@shop.example", "o'hara@shop.example"),
        ] {
            assert_eq!(Contact::email(text).as_ref().map(Contact::value), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@shop.example", "a".repeat(65));
        let longer = format!("a@{}.example", "b.".repeat(130));
        let nobody = [
            "",
            "chen",
            "@shop.example",
            "chen@",
            "chen@localhost",
            "chen@shop.example\n",
            "chen@shop.example\r\nBcc: everybody@shop.example",
            "\"chen\r\nBcc: x\"@shop.example",
            "chen\0@shop.example",
            "chen@[127.0.0.1]",
            "chen@127.0.0.1",
            "Chen <chen@shop.example>",
            "chen@shop.example, liu@shop.example",
            "chen@shop..example",
            ".chen@shop.example",
            "陈@shop.example",
            "chen@shop.example/../evil.example",
            &long,
            &longer,
        ];
        for text in nobody {
            assert_eq!(Contact::email(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_one_mailbox_however_it_is_written() {
        for text in ["chen@shop.example", "CHEN@shop.example", "cHen+1@Shop.example", "chen+a+b@shop.example"]
        {
            let mailbox = Contact::email(text).map(|contact| contact.mailbox());
            assert_eq!(mailbox.as_deref(), Some("chen@shop.example"), "{text}");
        }
        for (text, mailbox) in [
            ("+tag@shop.example", "+tag@shop.example"),
            (r#""Chen+1"@shop.example"#, r#""chen+1"@shop.example"#),
            ("chen@other.example", "chen@other.example"),
        ] {
            assert_eq!(Contact::email(text).map(|contact| contact.mailbox()).as_deref(), Some(mailbox));
        }
        let phone = Contact::phone("13800138000", &regions(&[])).map(|contact| contact.mailbox());
        assert_eq!(phone.as_deref(), Some("+8613800138000"));
    }

    #[test]
    fn a_contact_is_shown_to_its_owner_alone() {
        let shown = |kind, value: &str| Contact::kept(kind, value.into()).shown();
        for (kind, value, expected) in [
            (ContactKind::Phone, "+8613800138000", "+86 138 **** 8000"),
            (ContactKind::Phone, "+85251234567", "+852 51 **** 67"),
            (ContactKind::Email, "person@shop.example", "p***n@shop.example"),
            (ContactKind::Email, "abc@shop.example", "a***@shop.example"),
            (ContactKind::Email, "a@shop.example", "a***@shop.example"),
        ] {
            assert_eq!(shown(kind, value), expected);
        }
        assert_eq!(format!("{:?}", Contact::email("chen@shop.example")), "Some(Contact(email))");
    }
}
