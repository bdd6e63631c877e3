//! Holds what the command line prints for programs against `cli/JSON.md`: everything that is printed is said there, and
//! everything that is said without a `?` is printed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/JSON.md"));
    Page::read(&text.expect("the page is there"))
});

/// Judges each line of JSON, and tells the sections that they follow.
pub fn judged(stdout: &str) -> Vec<&'static str> {
    let documents = stdout.lines().filter(|line| line.starts_with('{'));
    // Of a process that died there may be half a line.
    let whole = documents.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    whole.map(|document| PAGE.judge(&document)).collect()
}

/// The sections of commands, in order.
pub fn commands() -> impl Iterator<Item = &'static str> {
    PAGE.order.iter().map(String::as_str).filter(|name| !is_shape(name))
}

/// What is said of a place in a document.
#[derive(Default)]
struct Place {
    optional: bool,
    nullable: bool,
    /// Whatever is below is not said.
    open: bool,
    shapes: Vec<String>,
    /// By name; `[]` is an element, `*` any name.
    fields: BTreeMap<String, Place>,
}

struct Page {
    order: Vec<String>,
    sections: BTreeMap<String, Place>,
}

impl Page {
    fn read(text: &str) -> Self {
        let (mut order, mut sections) = (Vec::new(), BTreeMap::<String, Place>::new());
        let mut inside = false;
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                order.push(heading.to_owned());
                sections.insert(heading.to_owned(), Place::default());
            } else if line.starts_with("```") {
                inside = !inside;
            } else if inside && !line.is_empty() {
                let heading = order.last().expect("a heading before the first block");
                sections.get_mut(heading).expect("just put there").say(line);
            }
        }
        Self { order, sections }
    }

    fn judge(&self, document: &Value) -> &str {
        let candidates: Vec<&String> = match document["command"].as_str() {
            Some(command) => self.order.iter().filter(|name| is_of(name, command)).collect(),
            None if document.get("error").is_some() => vec![self.named("error")],
            None if document.get("seq").is_some() => vec![self.named("events")],
            None => vec![self.named("schema inspect")],
        };
        let mut wrong = Vec::new();
        for name in candidates {
            match self.follows(&[&self.sections[name]], document, "") {
                Ok(()) => return name,
                Err(found) => wrong.push(format!("{name}: {found}")),
            }
        }
        panic!("cli/JSON.md does not say this: {wrong:?}\n{document}");
    }

    fn named(&self, name: &str) -> &String {
        self.order.iter().find(|one| *one == name).expect("a section")
    }

    /// Whether a value is as these places say together.
    fn follows(&self, places: &[&Place], value: &Value, at: &str) -> Result<(), String> {
        let mut said = places.to_vec();
        let mut next = 0;
        while let Some(place) = said.get(next) {
            let shapes = place.shapes.iter().filter(|_| !value.is_null());
            let found: Vec<&Place> = shapes.map(|name| &self.sections[name]).collect();
            said.extend(found);
            next += 1;
        }
        if said.iter().any(|place| place.open) {
            return Ok(());
        }
        let below = |name: &str| -> Vec<&Place> {
            let exact: Vec<&Place> = said.iter().filter_map(|place| place.fields.get(name)).collect();
            match exact.is_empty() && name != "[]" {
                true => said.iter().filter_map(|place| place.fields.get("*")).collect(),
                false => exact,
            }
        };
        match value {
            Value::Null if said.iter().any(|place| place.nullable) => Ok(()),
            Value::Null => Err(format!("{at} is null")),
            Value::Array(elements) => {
                let places = below("[]");
                if places.is_empty() {
                    return Err(format!("{at} is a list"));
                }
                let mut each = elements.iter();
                each.try_for_each(|one| self.follows(&places, one, &format!("{at}[]")))
            }
            Value::Object(fields) => {
                for (name, one) in fields {
                    let places = below(name);
                    if places.is_empty() {
                        return Err(format!("{at}.{name} is not listed"));
                    }
                    self.follows(&places, one, &format!("{at}.{name}"))?;
                }
                let listed = said.iter().flat_map(|place| &place.fields);
                let missing = listed.filter(|(name, place)| {
                    let expected = !place.optional && *name != "*" && *name != "[]";
                    expected && !fields.contains_key(*name)
                });
                match missing.map(|(name, _)| name.as_str()).next() {
                    Some(name) => Err(format!("{at}.{name} is missing")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl Place {
    /// Takes in `path: SHAPE   meaning`.
    fn say(&mut self, line: &str) {
        let (head, meaning) = line.split_once("  ").unwrap_or((line, ""));
        let (path, shape) = match head.split_once(": ") {
            Some((path, shape)) => (path, Some(shape)),
            None => (head, None),
        };
        let mut place = self;
        for segment in path.split('.').filter(|segment| !segment.is_empty()) {
            if segment == "**" {
                place.open = true;
                return;
            }
            let name = segment.trim_end_matches('?').trim_end_matches("[]");
            place = place.fields.entry(name.to_owned()).or_default();
            place.optional |= segment.ends_with('?');
            for _ in 0..segment.matches("[]").count() {
                place = place.fields.entry("[]".to_owned()).or_default();
            }
        }
        place.nullable |= meaning.contains("null");
        place.shapes.extend(shape.map(str::to_owned));
    }
}

fn is_shape(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_uppercase() || c == ' ')
}

/// Whether a heading, such as `plan activate, plan deactivate, rollback --dry-run`, speaks of a command.
fn is_of(heading: &str, command: &str) -> bool {
    let mut names = heading.split(", ");
    names.any(|name| name.split(" --").next() == Some(command))
}
