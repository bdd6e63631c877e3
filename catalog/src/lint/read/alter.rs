//! `ALTER TABLE`, action by action.

use crate::Dialect;
use crate::lex::Lexeme;

use super::super::act::{Act, Action, AlterTable};
use super::super::words::{Cursor, Named, parts, span_of};
use super::{column, prefixes, table};

/// What stands behind `ALTER TABLE`.
pub(super) fn table(words: &mut Cursor<'_, '_>) -> Option<Act> {
    let dialect = words.dialect();
    let if_exists = words.take(&["IF", "EXISTS"]);
    words.take(&["ONLY"]);
    let table = words.name()?;
    words.symbol("*");
    let mut actions = Vec::new();
    for part in parts(words.rest()) {
        let span = span_of(part);
        // MySQL: ADD (a int, b int)
        let mut words = Cursor::new(dialect, part);
        words.take(&["ADD"]);
        words.take(&["COLUMN"]);
        if dialect == Dialect::Mysql
            && words.rest().len() < part.len()
            && let Some(inside) = words.brackets()
        {
            for one in parts(inside) {
                if let Some(action) = added(&mut Cursor::new(dialect, one)) {
                    actions.push((action, span_of(one)));
                }
            }
            continue;
        }
        actions.push((action(dialect, part), span));
    }
    Some(Act::AlterTable(AlterTable {
        table,
        if_exists,
        actions,
    }))
}

fn action(dialect: Dialect, part: &[Lexeme<'_>]) -> Action {
    let mut words = Cursor::new(dialect, part);
    let read = if words.take(&["ADD"]) {
        added(&mut words)
    } else if words.take(&["DROP"]) {
        dropped(&mut words)
    } else if words.take(&["ALTER"]) {
        altered(&mut words)
    } else if words.take(&["RENAME"]) {
        renamed(&mut words)
    } else if words.take(&["VALIDATE", "CONSTRAINT"]) {
        Some(Action::Validate(words.ident()))
    } else if words.take(&["ATTACH", "PARTITION"]) {
        Some(Action::AttachPartition)
    } else if dialect == Dialect::Mysql {
        mysql(&mut words)
    } else if words.take(&["SET", "LOGGED"]) {
        Some(Action::Rewrites("SET LOGGED"))
    } else if words.take(&["SET", "UNLOGGED"]) {
        Some(Action::Rewrites("SET UNLOGGED"))
    } else if words.take(&["SET", "TABLESPACE"]) {
        Some(Action::Rewrites("SET TABLESPACE"))
    } else if words.take(&["SET", "ACCESS", "METHOD"]) {
        Some(Action::Rewrites("SET ACCESS METHOD"))
    } else {
        None
    };
    read.unwrap_or(Action::Other)
}

fn added(words: &mut Cursor<'_, '_>) -> Option<Action> {
    if let Some(constraint) = table::constraint(&mut words.clone()) {
        return Some(Action::AddConstraint(constraint));
    }
    if words.dialect() == Dialect::Mysql {
        let mut ahead = *words;
        ahead.until(|at| at.peek().is_some_and(|token| token.is_symbol("(")));
        if let Some((columns, unique)) = table::inline_index(words) {
            return Some(Action::AddIndex {
                columns,
                unique,
                prefixes: prefixes(ahead),
            });
        }
        if words.take(&["PARTITION"]) {
            return None;
        }
    }
    words.take(&["COLUMN"]);
    let if_not_exists = words.take(&["IF", "NOT", "EXISTS"]);
    Some(Action::AddColumn {
        column: column::definition(words)?,
        if_not_exists,
    })
}

fn dropped(words: &mut Cursor<'_, '_>) -> Option<Action> {
    if words.any(&["CONSTRAINT", "CHECK"]).is_some() || words.take(&["FOREIGN", "KEY"]) {
        words.take(&["IF", "EXISTS"]);
        return Some(Action::DropConstraint(words.ident()));
    }
    if words.take(&["PRIMARY", "KEY"]) {
        return Some(Action::DropPrimaryKey);
    }
    if words.dialect() == Dialect::Mysql && words.any(&["INDEX", "KEY", "PARTITION", "PERIOD", "SYSTEM"]).is_some() {
        return None;
    }
    words.take(&["COLUMN"]);
    let if_exists = words.take(&["IF", "EXISTS"]);
    Some(Action::DropColumn {
        column: words.ident()?,
        if_exists,
    })
}

fn altered(words: &mut Cursor<'_, '_>) -> Option<Action> {
    if words.dialect() == Dialect::Mysql && words.any(&["INDEX", "CHECK", "CONSTRAINT"]).is_some() {
        return None;
    }
    if words.take(&["CONSTRAINT"]) {
        return None;
    }
    words.take(&["COLUMN"]);
    let column = words.ident()?;
    if words.take(&["SET", "DATA", "TYPE"]) || words.take(&["TYPE"]) {
        let (data_type, _) = column::data_type(words);
        words.until(|at| at.sees(0, "USING"));
        return Some(Action::SetType {
            column,
            data_type,
            using: words.take(&["USING"]),
        });
    }
    if words.take(&["SET", "NOT", "NULL"]) {
        return Some(Action::SetNotNull(column));
    }
    if words.take(&["DROP", "NOT", "NULL"]) {
        return Some(Action::DropNotNull(column));
    }
    if words.take(&["DROP", "DEFAULT"]) {
        return Some(Action::DropDefault(column));
    }
    Some(Action::AlterColumn(column))
}

fn renamed(words: &mut Cursor<'_, '_>) -> Option<Action> {
    if words.any(&["CONSTRAINT", "INDEX", "KEY"]).is_some() {
        return None;
    }
    if words.any(&["TO", "AS"]).is_some() {
        return words.name().map(Action::RenameTable);
    }
    let column = words.take(&["COLUMN"]);
    let from = words.ident()?;
    if words.take(&["TO"]) {
        return Some(Action::RenameColumn {
            from,
            to: words.ident()?,
        });
    }
    // MySQL: RENAME new_name
    let name = Named {
        schema: None,
        ident: from,
    };
    (words.dialect() == Dialect::Mysql && !column).then_some(Action::RenameTable(name))
}

fn mysql(words: &mut Cursor<'_, '_>) -> Option<Action> {
    let value = |words: &mut Cursor<'_, '_>| {
        words.symbol("=");
        words.bump().map(|token| token.text.to_ascii_uppercase())
    };
    if words.take(&["MODIFY"]) {
        words.take(&["COLUMN"]);
        words.take(&["IF", "EXISTS"]);
        let column = column::definition(words)?;
        return Some(Action::Modify { from: None, column });
    }
    if words.take(&["CHANGE"]) {
        words.take(&["COLUMN"]);
        words.take(&["IF", "EXISTS"]);
        let from = words.ident()?;
        let column = column::definition(words)?;
        return Some(Action::Modify {
            from: Some(from),
            column,
        });
    }
    if words.take(&["CONVERT", "TO", "CHARACTER", "SET"]) || words.take(&["CONVERT", "TO", "CHARSET"]) {
        return Some(Action::ConvertCharset(words.ident()));
    }
    if words.take(&["ENGINE"]) {
        words.symbol("=");
        return words.ident().map(Action::Engine);
    }
    if words.take(&["ALGORITHM"]) {
        return value(words).map(Action::Algorithm);
    }
    if words.take(&["LOCK"]) {
        return value(words).map(Action::Lock);
    }
    if words.take(&["ORDER", "BY"]) {
        return Some(Action::Rewrites("ORDER BY"));
    }
    if words.take(&["FORCE"]) {
        return Some(Action::Rewrites("FORCE"));
    }
    if words.take(&["PARTITION", "BY"]) {
        return Some(Action::Rewrites("PARTITION BY"));
    }
    words.take(&["DEFAULT"]);
    if words.take(&["CHARACTER", "SET"]) || words.any(&["CHARSET", "COLLATE"]).is_some() {
        words.symbol("=");
        return words.ident().map(Action::Charset);
    }
    None
}
