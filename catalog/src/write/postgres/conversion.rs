//! From one type to another: the expression that keeps the values, and what a value must be like to be kept.

use super::context::Context;
use super::names::ident;
use super::rows::{self, Condition};
use super::types;
use crate::structure::{Column, Name, UserTypeKind};
use crate::write::Check;

/// How a column's values become values of another type.
#[derive(Debug, Default)]
pub(super) struct Conversion {
    /// The expression, where the engine's own assignment does not do.
    pub(super) using: Option<String>,
    /// Which rows cannot follow.
    pub(super) checks: Vec<Check>,
    /// Whether comparisons with other columns mean something else afterwards.
    pub(super) changes_family: bool,
    /// Whether the table is written anew.
    pub(super) rewrites: bool,
}

/// A type's name without what is in brackets, what is in them, and whether it is an array.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Type {
    base: String,
    numbers: Vec<i64>,
    array: bool,
}

impl Type {
    fn read(text: &str) -> Self {
        let array = text.ends_with("[]");
        let text = text.trim_end_matches("[]");
        let (mut base, mut numbers) = (text.to_owned(), Vec::new());
        if let (Some(open), Some(close)) = (text.find('('), text.rfind(')'))
            && open < close
            && !text.starts_with('"')
        {
            numbers = text[open + 1..close]
                .split(',')
                .filter_map(|one| one.trim().parse().ok())
                .collect();
            base = format!("{}{}", &text[..open], &text[close + 1..]);
        }
        Self { base, numbers, array }
    }

    fn is(&self, bases: &[&str]) -> bool {
        !self.array && bases.contains(&self.base.as_str())
    }

    fn is_text(&self) -> bool {
        self.is(TEXTS) || (!self.array && self.base.ends_with("citext"))
    }

    fn integer(&self) -> Option<u8> {
        match self.base.as_str() {
            _ if self.array => None,
            "smallint" => Some(2),
            "integer" => Some(4),
            "bigint" => Some(8),
            _ => None,
        }
    }
}

const TEXTS: &[&str] = &["text", "character varying", "character", "bpchar", "name", "\"char\""];
const FLOATS: &[&str] = &["real", "double precision"];
const STAMPS: &[&str] = &["timestamp without time zone", "timestamp with time zone", "date"];
const TIMES: &[&str] = &["time without time zone", "time with time zone"];

/// The base of a domain, and of that.
fn resolve(context: &Context<'_>, text: &str, old: bool) -> String {
    let mut text = text.to_owned();
    for _ in 0..8 {
        let types = if old { &context.from_types } else { &context.to_types };
        let found = types.values().find(|one| shown(&one.name) == text);
        match found.map(|one| &one.kind) {
            Some(UserTypeKind::Domain { base, .. }) => text.clone_from(base),
            _ => break,
        }
    }
    text
}

/// A type's name as the engine prints it with an empty search path.
fn shown(name: &Name) -> String {
    let part = |one: &str| {
        let plain = one
            .chars()
            .enumerate()
            .all(|(at, c)| c == '_' || c.is_ascii_lowercase() || (at > 0 && c.is_ascii_digit()));
        if plain { one.to_owned() } else { ident(one) }
    };
    format!("{}.{}", part(&name.schema), part(&name.name))
}

pub(super) fn between(context: &Context<'_>, table: &Name, old: &Column, new: &Column, swapped: bool) -> Conversion {
    let (from, to) = (
        Type::read(&resolve(context, &old.data_type, true)),
        Type::read(&resolve(context, &new.data_type, false)),
    );
    let column = ident(&new.name);
    let mut conversion = Conversion {
        changes_family: swapped
            || from.base != to.base && !(from.is_text() && to.is_text()) && !both_numbers(&from, &to),
        rewrites: true,
        ..Conversion::default()
    };
    let widens = from.is_text()
        && to.is_text()
        && !to.is(&["character", "bpchar", "name", "\"char\""])
        && from.is(&["character varying", "text"])
        && match (from.numbers.first(), to.numbers.first()) {
            (_, None) => true,
            (Some(from), Some(to)) => from <= to,
            (None, Some(_)) => false,
        };
    if widens || old.data_type == new.data_type && !swapped {
        conversion.checks = domain(context, table, old, new);
        // What a domain allows is looked up row by row.
        conversion.rewrites = !conversion.checks.is_empty();
        return conversion;
    }
    conversion.using = using(
        &from,
        &to,
        &column,
        &new.data_type,
        swapped || old.data_type == new.data_type,
    );
    let labels = labels(context, &new.data_type);
    let conditions = conditions(&from, &to, &column, conversion.using.as_deref(), labels.as_deref());
    conversion.checks = conditions
        .into_iter()
        .flat_map(|condition| rows::condition(context, table, &new.name, condition))
        .collect();
    conversion.checks.extend(domain(context, table, old, new));
    conversion
}

/// What a value will be, without converting one that cannot follow; nothing where that cannot be asked yet or not safely: a
/// type of the user's own may not be there, and some values only the engine can judge, by failing.
pub(super) fn foreseen(old: &Column, new: &Column) -> Option<String> {
    let is_own = |one: &Column| one.data_type.contains('.');
    if old.data_type == new.data_type || is_own(old) || is_own(new) {
        return None;
    }
    let (from, to) = (Type::read(&old.data_type), Type::read(&new.data_type));
    let column = ident(&old.name);
    let is_known = to.is_text() || both_numbers(&from, &to) || (from.is_text() && reads_as(&to, &column).is_some());
    if from.array || to.array || !is_known {
        return None;
    }
    let value =
        using(&from, &to, &column, &new.data_type, false).unwrap_or_else(|| format!("{column}::{}", new.data_type));
    let stays: Vec<String> = conditions(&from, &to, &column, Some(&value), None)
        .into_iter()
        .map(|condition| format!("({})", condition.sql))
        .collect();
    Some(match stays.is_empty() {
        true => value,
        false => format!("CASE WHEN {} THEN NULL ELSE {value} END", stays.join(" OR ")),
    })
}

/// What a domain demands of the values that come to it.
fn domain(context: &Context<'_>, table: &Name, old: &Column, new: &Column) -> Vec<Check> {
    let found = context.to_types.values().find(|one| shown(&one.name) == new.data_type);
    let Some(UserTypeKind::Domain { base, checks, .. }) = found.map(|one| &one.kind) else {
        return Vec::new();
    };
    if old.data_type == new.data_type {
        return Vec::new();
    }
    let value = format!("({}::{base})", ident(&new.name));
    let conditions = checks.iter().filter(|one| !one.unchecked).map(|one| Condition {
        sql: format!("NOT {}", rows::with_value(&one.definition, &value)),
        message: format!("does not meet {} of {}", one.name, new.data_type),
    });
    conditions
        .filter_map(|condition| rows::condition(context, table, &new.name, condition))
        .collect()
}

fn both_numbers(from: &Type, to: &Type) -> bool {
    let number = |one: &Type| one.integer().is_some() || one.is(&["numeric"]) || one.is(FLOATS);
    number(from) && number(to)
}

fn labels(context: &Context<'_>, text: &str) -> Option<Vec<String>> {
    let base = text.trim_end_matches("[]");
    context
        .to_types
        .values()
        .find(|one| shown(&one.name) == base)
        .and_then(|one| types::labels(one))
        .map(<[String]>::to_vec)
}

/// The expression, where an assignment cast does not exist or means something else.
fn using(from: &Type, to: &Type, column: &str, target: &str, swapped: bool) -> Option<String> {
    if swapped {
        let text = if from.array { "text[]" } else { "text" };
        return Some(format!("{column}::{text}::{target}"));
    }
    match (from.array, to.array) {
        (false, true) => {
            return Some(format!(
                "CASE WHEN {column} IS NULL THEN NULL ELSE ARRAY[{column}]::{target} END"
            ));
        }
        (true, false) if to.is_text() => return None,
        (true, false) => return Some(format!("{column}[1]::{target}")),
        (true, true) => return Some(format!("{column}::text[]::{target}")),
        _ => {}
    }
    // Assigned to a text, everything is printed, and what is too long is refused; cast to one it would be cut off.
    if to.is_text() {
        return None;
    }
    if both_numbers(from, to) {
        // The server's own cast keeps 15 digits, or 6; the text has all that tell the value from its neighbours.
        let exact = from.is(FLOATS) && to.is(&["numeric"]);
        return exact.then(|| format!("{column}::text::{target}"));
    }
    let is_number = |one: &Type| one.integer().is_some() || one.is(&["numeric"]) || one.is(FLOATS);
    let stamp_of = |column: &str| match to.base.as_str() {
        "timestamp with time zone" => format!("pg_catalog.to_timestamp({column})"),
        "date" => format!("(pg_catalog.to_timestamp({column}) AT TIME ZONE 'UTC')::date"),
        _ => format!("pg_catalog.to_timestamp({column}) AT TIME ZONE 'UTC'"),
    };
    match (from.base.as_str(), to.base.as_str()) {
        ("boolean", "integer") => Some(format!("{column}::integer")),
        ("boolean", _) if is_number(to) => Some(format!("{column}::integer::{target}")),
        ("integer", "boolean") => Some(format!("{column}::boolean")),
        (_, "boolean") if is_number(from) => Some(format!("({column} <> 0)")),
        ("timestamp without time zone", "timestamp with time zone")
        | ("timestamp with time zone", "timestamp without time zone") => Some(format!("{column} AT TIME ZONE 'UTC'")),
        ("timestamp with time zone", "date") => Some(format!("({column} AT TIME ZONE 'UTC')::date")),
        ("date", "timestamp with time zone") => Some(format!("{column}::timestamp AT TIME ZONE 'UTC'")),
        (from_base, to_base) if STAMPS.contains(&from_base) && STAMPS.contains(&to_base) => None,
        (_, to_base) if is_number(from) && STAMPS.contains(&to_base) => Some(stamp_of(column)),
        (from_base, _) if STAMPS.contains(&from_base) && is_number(to) => {
            let column = if from_base == "date" {
                format!("{column}::timestamp")
            } else {
                column.to_owned()
            };
            Some(format!("pg_catalog.date_part('epoch', {column})::{target}"))
        }
        // Only the way back has rows here: those of before get their day from what was kept of them.
        (from_base, "timestamp with time zone") if TIMES.contains(&from_base) => Some(format!(
            "(date '1970-01-01' + {}) AT TIME ZONE 'UTC'",
            at_utc(from_base, column)
        )),
        (from_base, to_base) if TIMES.contains(&from_base) && STAMPS.contains(&to_base) => {
            Some(format!("(date '1970-01-01' + {})::{target}", at_utc(from_base, column)))
        }
        ("time without time zone", "time with time zone") => Some(format!("({column}::text || '+00')::{target}")),
        ("time with time zone", "time without time zone") => {
            Some(format!("({})::{target}", at_utc(&from.base, column)))
        }
        (from_base, to_base) if STAMPS.contains(&from_base) && TIMES.contains(&to_base) => {
            let moment = match from_base {
                "timestamp with time zone" => format!("({column} AT TIME ZONE 'UTC')"),
                _ => format!("({column}::timestamp)"),
            };
            Some(match to_base {
                "time with time zone" => format!("({moment}::time::text || '+00')::{target}"),
                _ => format!("{moment}::{target}"),
            })
        }
        ("json", "jsonb") | ("jsonb", "json") | ("cidr", "inet") => None,
        _ if from.base == to.base => Some(format!("{column}::{target}")),
        _ if from.is_text() => Some(format!("{column}::{target}")),
        ("text" | "bytea", "bytea") => Some(format!("{column}::{target}")),
        _ => Some(format!("{column}::text::{target}")),
    }
}

/// A time of day as Greenwich's clocks show it.
fn at_utc(base: &str, column: &str) -> String {
    match base {
        "time with time zone" => format!("({column} AT TIME ZONE 'UTC')::time"),
        _ => column.to_owned(),
    }
}

/// What makes a value stay behind.
fn conditions(from: &Type, to: &Type, column: &str, using: Option<&str>, labels: Option<&[String]>) -> Vec<Condition> {
    let message = |what: &str| format!("cannot become {what}");
    let when = |sql: String, what: &str| Condition {
        sql,
        message: message(what),
    };
    if from.array && !to.array && !to.is_text() {
        return vec![when(
            format!("pg_catalog.cardinality({column}) > 1"),
            "a single value: there are several",
        )];
    }
    if from.array || to.array {
        return match labels {
            Some(labels) if from.array => vec![when(
                format!(
                    "EXISTS (SELECT FROM pg_catalog.unnest({column}::text[]) one WHERE one NOT IN ({}))",
                    types::label_list(labels)
                ),
                &format!("{}[]", to.base),
            )],
            _ => Vec::new(),
        };
    }
    if let Some(labels) = labels {
        return vec![when(
            format!("{column}::text NOT IN ({})", types::label_list(labels)),
            &to.base,
        )];
    }
    if to.is_text() {
        return text_limit(to, column)
            .into_iter()
            .map(|sql| when(sql, "so short a text"))
            .collect();
    }
    if from.is_text() {
        return reads_as(to, &format!("{column}::text"))
            .into_iter()
            .chain(reads_as_the_engine_does(to, column))
            .map(|sql| when(sql, &to.base))
            .collect();
    }
    numbers(from, to, column)
        .or_else(|| round_trip(from, to, column, using))
        .into_iter()
        .map(|sql| when(sql, &format!("{} without loss", to.base)))
        .collect()
}

fn text_limit(to: &Type, column: &str) -> Option<String> {
    Some(match to.base.as_str() {
        // Blanks at the end count, and the server would cut them off without a word.
        "character varying" => format!("pg_catalog.char_length({column}::text) > {}", to.numbers.first()?),
        // Here they mean nothing.
        "character" | "bpchar" => {
            let limit = to.numbers.first()?;
            format!("pg_catalog.char_length(pg_catalog.rtrim({column}::text, ' ')) > {limit}")
        }
        "\"char\"" => format!("pg_catalog.octet_length({column}::text) > 1"),
        "name" => format!("pg_catalog.octet_length({column}::text) > 63"),
        _ => return None,
    })
}

fn integer_range(size: u8) -> (&'static str, &'static str) {
    match size {
        2 => ("-32768", "32767"),
        4 => ("-2147483648", "2147483647"),
        _ => ("-9223372036854775808", "9223372036854775807"),
    }
}

fn numeric_limit(to: &Type, value: &str) -> Option<String> {
    let precision = *to.numbers.first()?;
    let scale = to.numbers.get(1).copied().unwrap_or(0);
    Some(format!(
        "pg_catalog.round({value}, {scale}) <> {value} OR pg_catalog.abs({value}) >= 1e{}::numeric",
        precision - scale
    ))
}

/// Between numbers: what is too great, or has more places than there will be.
fn numbers(from: &Type, to: &Type, column: &str) -> Option<String> {
    if !both_numbers(from, to) {
        return None;
    }
    let value = match from.base.as_str() {
        // Whole numbers come straight from the value that is kept, not from the shortest text that means it.
        "real" if to.integer().is_some() => format!("{column}::double precision::text::numeric"),
        "real" | "double precision" => format!("{column}::text::numeric"),
        _ => format!("{column}::numeric"),
    };
    if let Some(size) = to.integer() {
        if from.integer().is_some_and(|old| old <= size) {
            return None;
        }
        let (low, high) = integer_range(size);
        let in_range = format!("{value} NOT BETWEEN {low} AND {high}");
        return Some(match from.integer() {
            Some(_) => in_range,
            None => format!("{column} = 'NaN' OR {value} <> pg_catalog.trunc({value}) OR {in_range}"),
        });
    }
    if to.base == "numeric" {
        return numeric_limit(to, &value);
    }
    // To floating point: what does not come back the same.
    match (from.base.as_str(), to.base.as_str()) {
        ("real", _) | ("smallint", _) | ("integer", "double precision") => None,
        ("double precision", "real") => Some(format!(
            "{column}::real::double precision <> {column} AND {column}::real::text <> {column}::text"
        )),
        (_, base) => Some(format!("{column}::{base}::text::numeric <> {value}")),
    }
}

/// Between moments: what would lose its day, its time of day, its zone, or its fractions; and what is not read back.
fn round_trip(from: &Type, to: &Type, column: &str, using: Option<&str>) -> Option<String> {
    match (
        coarser(from, to, column, using),
        otherwise_lost(from, to, column, using),
    ) {
        (Some(one), Some(other)) => Some(format!("({one}) OR ({other})")),
        (one, other) => one.or(other),
    }
}

fn otherwise_lost(from: &Type, to: &Type, column: &str, using: Option<&str>) -> Option<String> {
    match (from.base.as_str(), to.base.as_str()) {
        ("timestamp without time zone", "date") => Some(format!("{column}::date::timestamp <> {column}")),
        ("timestamp with time zone", "date") => Some(format!(
            "({column} AT TIME ZONE 'UTC')::date::timestamp <> {column} AT TIME ZONE 'UTC'"
        )),
        // There is no row that does not lose its day, or had one.
        (from_base, to_base)
            if STAMPS.contains(&from_base) && TIMES.contains(&to_base)
                || TIMES.contains(&from_base) && STAMPS.contains(&to_base) =>
        {
            Some("true".to_owned())
        }
        ("time with time zone", "time without time zone") => {
            Some(format!("pg_catalog.date_part('timezone', {column}) <> 0"))
        }
        ("integer" | "smallint" | "bigint", "boolean") => Some(format!("{column} NOT IN (0, 1)")),
        ("numeric" | "double precision" | "real", "boolean") => Some(format!("{column} NOT IN (0, 1)")),
        (base, _) if STAMPS.contains(&base) && to.integer().is_some() => {
            let using = using?;
            let precise = using.rsplit_once("::").map_or(using, |(head, _)| head);
            Some(format!("{precise} <> pg_catalog.trunc({precise}::numeric)"))
        }
        // By way of its text: the server says which one it does not read, there or back.
        (base, _) if from.base != to.base => {
            let there = using.filter(|using| using.starts_with(&format!("{column}::text::")))?;
            Some(format!("({there})::text::{base} IS NULL"))
        }
        _ => None,
    }
}

/// What has more places behind the second than there will be.
fn coarser(from: &Type, to: &Type, column: &str, using: Option<&str>) -> Option<String> {
    let places = to.numbers.first()?;
    if from.numbers.first().is_some_and(|before| before <= places) {
        return None;
    }
    let (head, tail) = to.base.split_once(' ').unwrap_or((&to.base, ""));
    let known = |base: &str| STAMPS.contains(&base) || TIMES.contains(&base) || base == "interval";
    let same_day = STAMPS.contains(&from.base.as_str()) == STAMPS.contains(&to.base.as_str());
    if !known(&from.base) || !known(&to.base) || !same_day {
        return None;
    }
    let value = match using {
        Some(using) if from.base != to.base => {
            let bare = using
                .strip_suffix(&format!("::{head}({places}) {tail}"))
                .unwrap_or(using);
            format!("({bare})")
        }
        _ => column.to_owned(),
    };
    Some(format!("{value}::{head}({places}) {tail} <> {value}"))
}

/// A text that is not one of this type.
fn reads_as(to: &Type, text: &str) -> Option<String> {
    const NUMBER: &str = r"'^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$'";
    if let Some(size) = to.integer() {
        let (low, high) = integer_range(size);
        return Some(format!(
            "CASE WHEN {text} ~ '^\\s*[-+]?\\d+\\s*$' THEN {text}::numeric NOT BETWEEN {low} AND {high} ELSE true END"
        ));
    }
    Some(match to.base.as_str() {
        "numeric" => match numeric_limit(to, &format!("{text}::numeric")) {
            Some(limit) => format!("CASE WHEN {text} ~ {NUMBER} THEN {limit} ELSE true END"),
            None => format!("{text} !~ {NUMBER}"),
        },
        "real" | "double precision" => format!("{text} !~ {NUMBER}"),
        "boolean" => format!(
            "pg_catalog.lower(pg_catalog.btrim({text})) NOT IN ('t', 'tr', 'tru', 'true', 'f', 'fa', 'fal', 'fals', 'false', \
             'y', 'ye', 'yes', 'n', 'no', 'on', 'of', 'off', '1', '0')"
        ),
        "uuid" => format!("pg_catalog.replace({text}, '-', '') !~ '^\\{{?[0-9a-fA-F]{{32}}\\}}?$'"),
        "date" => not_a_date(text, "$"),
        "timestamp without time zone" | "timestamp with time zone" => not_a_date(
            text,
            r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?\s*(Z|UTC|[-+]\d\d(:?\d\d)?)?)?$",
        ),
        "time without time zone" => format!(r"{text} !~ '^\s*([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?\s*$'"),
        _ => return None,
    })
}

/// For what only the engine reads: the question fails on the first value that is not one, and its words name it.
fn reads_as_the_engine_does(to: &Type, column: &str) -> Option<String> {
    let known = reads_as(to, column).is_some() || to.is_text();
    (!known).then(|| format!("({column}::text)::{} IS NULL", to.base))
}

/// Not a day of the calendar as ISO 8601 writes it, with `rest` behind.
fn not_a_date(text: &str, rest: &str) -> String {
    let day = format!("pg_catalog.btrim({text})");
    format!(
        "CASE WHEN {day} ~ '^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01]){rest}' AND {day} !~ '^0000' THEN \
         pg_catalog.substr({day}, 9, 2)::integer > pg_catalog.date_part('day', pg_catalog.make_date(pg_catalog.substr({day}, 1, 4)::integer, \
         pg_catalog.substr({day}, 6, 2)::integer, 1) + interval '1 month - 1 day') ELSE true END"
    )
}
