//! Walks through a body: checks each field by its row in the table and writes it as JSON, in one pass.
use serde_json::{Map, Value};

use super::path::Path;
use super::{describe, form, region, rules, text};
use crate::core::error::{Notice, Violation};
use crate::core::spec::model::fields::{Access, Field, Object, Type};
use crate::core::spec::model::regions;
use crate::core::spec::model::suggestions::{self, Suggestion};
use crate::core::spec::model::text_form::TextForm;
use crate::core::spec::model::{Key, Kind, Node, Operation};

/// Only so many unknown keys get a suggestion: more would take time, and nobody reads them.
const MAX_SUGGESTIONS: usize = 100;
const CLOUDS: [&str; 3] = ["AWS", "AZURE", "GCP"];
/// Enough for a body with a few tags.
const CAPACITY: usize = 512;

pub(super) struct Walk<'n, 'v> {
    /// What the body describes.
    top: &'static Object,
    /// `None`: anything else than a cluster.
    kind: Option<Kind>,
    operation: Operation,
    extra: Option<&'v Map<String, Value>>,
    violations: &'v mut Vec<Violation>,
    suggestions_made: usize,
    /// The objects that fields at the top belong into: one message says it, not a second that they are missing.
    misplaced: Vec<&'static str>,
    provider: Option<&'n str>,
    region: Option<&'n str>,
    /// The body so far; incomplete if there is a violation.
    pub(super) out: Vec<u8>,
    /// The resource's name, if it is given as text.
    pub(super) name: Option<&'n str>,
    pub(super) notices: Vec<Notice>,
}

impl<'n, 'v> Walk<'n, 'v> {
    pub(super) fn new(
        top: &'static Object,
        kind: Option<Kind>,
        operation: Operation,
        extra: Option<&'v Map<String, Value>>,
        violations: &'v mut Vec<Violation>,
    ) -> Self {
        let out = Vec::with_capacity(CAPACITY);
        let (provider, region, name, notices) = (None, None, None, Vec::new());
        Self {
            top,
            kind,
            operation,
            extra,
            violations,
            suggestions_made: 0,
            misplaced: Vec::new(),
            provider,
            region,
            out,
            name,
            notices,
        }
    }

    /// Checks the whole body.
    pub(super) fn spec(&mut self, spec: &'n Node<'n>) {
        let Node::Map(entries) = spec else {
            let expects = format!("a mapping with the fields of {}", self.top.noun);
            return self.wrong_type(&expects, spec, &Path::Root);
        };
        if self.operation == Operation::Update && entries.is_empty() && self.extra.is_none() {
            let message = format!("changes nothing; give at least one of {}", changeable(self.top));
            self.violation(&Path::Root, rules::MIN_LENGTH, message, Value::Object(Map::new()));
        }
        self.object(self.top, entries, &Path::Root);
        if let (Some(provider), Some(name)) = (self.provider, self.region) {
            if let Some(known) = regions::find(provider, name) {
                self.notices.extend(self.kind.and_then(|kind| region::notice_of(kind, known)));
                return;
            }
            match regions::misspelt(provider, name) {
                Some(meant) => {
                    let path = Path::Field(&Path::Root, "providerSettings");
                    let (shown, meant) = (describe::quoted(name), meant.name);
                    let message = format!("Atlas spells the {provider} region {shown} as {meant}: give \"{meant}\"");
                    self.violation(&Path::Field(&path, "regionName"), rules::ENUM, message, Value::from(name));
                }
                None => {
                    let notice = self.kind.and_then(|kind| region::notice(kind, provider, name));
                    self.notices.extend(notice);
                }
            }
        }
    }

    fn object(&mut self, object: &'static Object, entries: &'n [(Key<'n>, Node<'n>)], path: &Path<'_>) {
        let mut seen = 0_u32;
        self.out.push(b'{');
        for (key, node) in entries {
            let Key::Str(key) = key else {
                self.key_type(key, path);
                continue;
            };
            let Some((index, field)) = object.find(key) else {
                self.unknown(object, path, key, node);
                continue;
            };
            let path = Path::Field(path, field.name);
            let bit = 1_u32.wrapping_shl(index as u32);
            if seen & bit != 0 {
                self.violation(&path, rules::GIVEN_TWICE, twice(field, entries), self.shown(key, node));
                continue;
            }
            seen |= bit;
            match if self.operation == Operation::Update { field.update } else { field.create } {
                Access::ReadOnly => self.read_only(&path, key, node),
                Access::Unchangeable => self.unchangeable(&path, key, node),
                Access::Required | Access::Optional => {
                    if self.out.last() != Some(&b'{') {
                        self.out.push(b',');
                    }
                    self.plain_text(field.name);
                    self.out.push(b':');
                    self.value(field, node, &path);
                }
            }
        }
        self.out.push(b'}');
        if self.operation == Operation::Create {
            self.missing(object, seen, path);
        }
    }

    fn missing(&mut self, object: &'static Object, seen: u32, path: &Path<'_>) {
        for (index, field) in object.fields.iter().enumerate() {
            let bit = 1_u32.wrapping_shl(index as u32);
            let said = matches!(path, Path::Root) && self.misplaced.contains(&field.name);
            if field.create == Access::Required && seen & bit == 0 && !said && !self.in_extra(path, field.name) {
                let message = format!("is required: {}", field.expects);
                self.violation(&Path::Field(path, field.name), rules::REQUIRED, message, Value::Null);
            }
        }
    }

    /// Whether `extra_fields` has the field.
    fn in_extra(&self, path: &Path<'_>, name: &str) -> bool {
        self.extra.is_some_and(|extra| match path {
            Path::Root => extra.contains_key(name),
            Path::Field(Path::Root, parent) => extra.get(*parent).is_some_and(|object| object.get(name).is_some()),
            _ => false,
        })
    }

    fn value(&mut self, field: &'static Field, node: &'n Node<'n>, path: &Path<'_>) {
        match (field.kind, node) {
            (Type::Name, Node::Str(name)) => self.resource_name(name, node, path),
            (Type::Enum(words), Node::Str(word)) => self.word(field, words, word, node, path),
            (Type::Region, Node::Str(name)) if !name.trim().is_empty() => {
                self.region = Some(name);
                self.any_text(name);
            }
            (Type::Bool, Node::Bool(flag)) => self.out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            (Type::Bool, Node::Str(text)) if ["true", "false"].contains(&&*text.to_ascii_lowercase()) => {
                let message = format!(
                    "must be {}, not the text {}; write it without quotes",
                    field.expects,
                    describe::quoted(text)
                );
                self.violation(path, rules::TYPE, message, describe::value(node));
            }
            (Type::Tags, Node::List(items)) => self.tag_list(items, path),
            (Type::Tags, Node::Map(entries)) => self.tag_mapping(entries, path),
            (Type::Object(object), Node::Map(entries)) => self.object(object, entries, path),
            (Type::Region, Node::Str(_)) => {
                let message = format!("must be {}, not empty text", field.expects);
                self.violation(path, rules::MIN_LENGTH, message, describe::value(node));
            }
            (Type::Text(form), Node::Str(text)) => self.text(form, field, text, node, path),
            (Type::Text(TextForm::Secret { .. }), _) => {
                let message = format!("must be {}", field.expects);
                self.violation(path, rules::TYPE, message, describe::HIDDEN.into());
            }
            (Type::List(object), Node::List(items)) => self.list(object, field, items, path),
            (_, Node::Null) if field.create == Access::Required => {
                let message = format!("is required and can't be None: {}", field.expects);
                self.violation(path, rules::NONE, message, Value::Null);
            }
            (_, other) => self.wrong_type(field.expects, other, path),
        }
    }

    fn text(&mut self, form: TextForm, field: &Field, text: &str, node: &Node<'_>, path: &Path<'_>) {
        if let Some((rule, wrong)) = form::problem(form, text) {
            let secret = matches!(form, TextForm::Secret { .. });
            let value = if secret { describe::HIDDEN.into() } else { describe::value(node) };
            self.violation(path, rule, format!("must be {}, {wrong}", field.expects), value);
        }
        self.any_text(text);
    }

    fn list(&mut self, object: &'static Object, field: &Field, items: &'n [Node<'n>], path: &Path<'_>) {
        if items.is_empty() && field.create == Access::Required {
            let message = format!("must be {}, not an empty list", field.expects);
            self.violation(path, rules::MIN_LENGTH, message, Value::Array(Vec::new()));
        }
        // In a list every object is whole, in an update too.
        let operation = std::mem::replace(&mut self.operation, Operation::Create);
        for (index, item) in items.iter().enumerate() {
            let path = Path::Index(path, index);
            match item {
                Node::Map(entries) => self.object(object, entries, &path),
                other => self.wrong_type(&format!("a mapping: {}", object.noun), other, &path),
            }
        }
        self.operation = operation;
    }

    fn resource_name(&mut self, name: &'n str, node: &Node<'_>, path: &Path<'_>) {
        self.name = Some(name);
        if let Some(message) = text::name_pattern(name) {
            self.violation(path, rules::PATTERN, message, describe::value(node));
        }
        text::new_name(name, |rule, message| self.violation(path, rule, message, describe::value(node)));
        self.plain_text(name);
    }

    fn word(&mut self, field: &Field, words: &[&str], word: &'n str, node: &Node<'_>, path: &Path<'_>) {
        if words.contains(&word) {
            if matches!(field.name, "backingProviderName") {
                self.provider = Some(word);
            }
            return self.plain_text(word);
        }
        if field.name == "providerName" && CLOUDS.contains(&word.trim().to_uppercase().as_str()) {
            let message = format!(
                "must be {}, not {}; the cloud is given as backingProviderName",
                field.expects,
                describe::quoted(word)
            );
            return self.violation(path, rules::ENUM, message, describe::value(node));
        }
        let near = if word.len() <= 32 { nearest(words, word) } else { None };
        let near = near.map_or(String::new(), |near| format!("; did you mean {}?", describe::quoted(near)));
        let message = format!("must be {}, not {}{near}", field.expects, describe::quoted(word));
        self.violation(path, rules::ENUM, message, describe::value(node));
    }

    fn unknown(&mut self, object: &'static Object, path: &Path<'_>, key: &str, node: &Node<'_>) {
        let at = Path::Field(path, key);
        if object.read_only_prefix.is_some_and(|prefix| key.starts_with(prefix)) {
            return self.read_only(&at, key, node);
        }
        let own = match path {
            Path::Field(_, name) => name,
            _ => "",
        };
        self.suggestions_made += 1;
        let suggestion = if self.suggestions_made <= MAX_SUGGESTIONS {
            suggestions::suggest((self.kind, self.top), own, object, key)
        } else {
            None
        };
        let start = format!("is no field of {}", object.noun);
        let (rule, message) = match &suggestion {
            Some(Suggestion::Field(name)) => (rules::UNKNOWN, format!("{start}; did you mean {name}?")),
            Some(Suggestion::Argument(name)) => (rules::UNKNOWN, format!("{start}; did you mean the argument {name}?")),
            Some(Suggestion::NotInBody(why)) => (rules::UNKNOWN, format!("{start}: {why}")),
            Some(Suggestion::OtherObject(place, name)) => {
                let read_only = suggestions::objects(self.top)
                    .find(|(there, _)| there == place)
                    .and_then(|(_, object)| object.find(name))
                    .is_some_and(|(_, field)| field.create == Access::ReadOnly);
                if read_only {
                    return self.read_only(&at, key, node);
                }
                self.misplaced.push(place);
                let there = if place.is_empty() { "at the top level".to_owned() } else { format!("under {place}") };
                (rules::MISPLACED, format!("belongs {there}, as {name}"))
            }
            None => (rules::UNKNOWN, format!("{start}; extra_fields sends what this version does not know")),
        };
        let means_secret = match suggestion {
            Some(Suggestion::Field(name) | Suggestion::OtherObject(_, name)) => suggestions::is_secret(name),
            _ => false,
        };
        let shown = if means_secret { describe::HIDDEN.into() } else { self.shown(key, node) };
        self.violation(&at, rule, message, shown);
    }

    fn read_only(&mut self, path: &Path<'_>, key: &str, node: &Node<'_>) {
        self.violation(path, rules::READ_ONLY, "is set by the service; leave it out".into(), self.shown(key, node));
    }

    fn unchangeable(&mut self, path: &Path<'_>, key: &str, node: &Node<'_>) {
        let message = format!("can't be changed after creation; an update takes {}", changeable(self.top));
        self.violation(path, rules::UNCHANGEABLE, message, self.shown(key, node));
    }

    pub(super) fn key_type(&mut self, key: &Key<'_>, path: &Path<'_>) {
        if let Key::Other(what) = key {
            let message = format!("has a key that is not text: {}", describe::got(&Node::Other(what.clone())));
            self.violation(path, rules::KEY_TYPE, message, describe::value(&Node::Other(what.clone())));
        }
    }

    pub(super) fn wrong_type(&mut self, expects: &str, node: &Node<'_>, path: &Path<'_>) {
        self.wrong_type_of("", expects, node, path);
    }

    pub(super) fn wrong_type_of(&mut self, what: &str, expects: &str, node: &Node<'_>, path: &Path<'_>) {
        let got = describe::got(node);
        let (rule, message) = match node {
            Node::Null => (rules::NONE, format!("{what}can't be None: leave it out, or give {expects}")),
            _ => (rules::TYPE, format!("{what}must be {expects}, not {got}")),
        };
        self.violation(path, rule, message, describe::value(node));
    }

    pub(super) fn violation(&mut self, path: &Path<'_>, rule: &'static str, message: String, value: Value) {
        self.violations.push(Violation { path: path.to_string(), message, value, rule: rule.into() });
    }

    /// The value as a violation shows it: hidden if the key is probably that of a secret.
    pub(super) fn shown(&self, key: &str, node: &Node<'_>) -> Value {
        if suggestions::is_secret(key) { describe::HIDDEN.into() } else { describe::value(node) }
    }

    /// Writes text that needs no escapes, or whose body is not sent.
    pub(super) fn plain_text(&mut self, text: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    /// Writes any text.
    pub(super) fn any_text(&mut self, text: &str) {
        if text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
            self.plain_text(text);
        } else {
            self.out.extend_from_slice(Value::from(text).to_string().as_bytes());
        }
    }
}

fn twice(field: &Field, entries: &[(Key<'_>, Node<'_>)]) -> String {
    let has = |name: &str| entries.iter().any(|(key, _)| key.as_str() == Some(name));
    if field.name != field.snake && has(field.name) && has(field.snake) {
        format!("is given twice, as {} and as {}; keep one", field.name, field.snake)
    } else {
        "is given twice; keep one".into()
    }
}

fn nearest<'w>(words: &[&'w str], word: &str) -> Option<&'w str> {
    let word = word.trim().to_uppercase();
    let scored = words.iter().map(|candidate| (*candidate, strsim::jaro_winkler(&word, candidate)));
    scored.filter(|(_, score)| *score >= 0.85).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(candidate, _)| candidate)
}

/// The fields that an update can carry, in words.
fn changeable(top: &Object) -> String {
    let names: Vec<&str> =
        top.fields.iter().filter(|field| field.update == Access::Optional).map(|field| field.name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}
