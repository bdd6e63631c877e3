//! Where a value stands in JSON that was read before, and so is known to be well-formed.

use super::place::{Part, is_key};

/// The byte where the value stands (where the last part is a key: where its key stands), or whatever holds it.
pub(super) fn offset(text: &str, path: &[Part]) -> usize {
    let mut walk = Walk {
        text: text.as_bytes(),
        at: 0,
    };
    walk.space();
    let mut place = walk.at;
    for part in path {
        match walk.enter(part) {
            Some(found) => place = found,
            None => break,
        }
    }
    place
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Goes to the value of this part, and tells where it (or its key) stands.
    fn enter(&mut self, part: &Part) -> Option<usize> {
        self.space();
        let open = self.peek()?;
        self.at += 1;
        let mut index = 0;
        loop {
            self.space();
            if matches!(self.peek()?, b'}' | b']') {
                return None;
            }
            let place = self.at;
            let found = match part {
                Part::Key(wanted) if open == b'{' => {
                    let key = self.string()?;
                    self.space();
                    self.at += 1; // the colon
                    self.space();
                    is_key(&key, wanted)
                }
                Part::At(wanted) if open == b'[' => index == *wanted,
                _ => return None,
            };
            if found {
                return Some(place);
            }
            self.skip()?;
            index += 1;
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
            }
        }
    }

    /// Reads a string with its escapes.
    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.skip()?;
        let raw = std::str::from_utf8(self.text.get(start..self.at)?).ok()?;
        serde_json::from_str(raw).ok()
    }

    /// Goes behind a value, however deep.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                byte if depth > 0 && (byte.is_ascii_whitespace() || matches!(byte, b',' | b':')) => {
                    self.at += 1;
                    continue;
                }
                _ => self.skip_plain(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    fn skip_plain(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b',' | b'}' | b']'))
        {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Part {
        Part::Key(name.to_owned())
    }

    #[test]
    fn a_value_is_found_behind_strings_that_look_like_structure() {
        let text = r#"{"a": {"}\"{": [1, [2, "]"], {"x": null}]}, "b\u0063": [true, {"deep": -1.5e3}]}"#;
        for (path, stands) in [
            (vec![key("a"), key("}\"{"), Part::At(1), Part::At(1)], "\"]\""),
            (vec![key("a"), key("}\"{"), Part::At(2), key("x")], "\"x\": null"),
            (vec![key("bc"), Part::At(1), key("deep")], "\"deep\""),
            (vec![key("bc"), Part::At(7)], "\"b\\u0063\""),
            (vec![], "{\"a\""),
        ] {
            let offset = offset(text, &path);
            assert!(text[offset..].starts_with(stands), "{path:?}: {}", &text[offset..]);
        }
    }

    #[test]
    fn text_that_is_no_json_ends_the_walk() {
        for text in ["", "{", "[", "{\"a", "{\"a\":", "]", "{\"a\\"] {
            offset(text, &[key("a"), Part::At(0)]);
        }
    }
}
