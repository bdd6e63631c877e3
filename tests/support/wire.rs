//! Where a request and its reply end, in the protocols of PostgreSQL and MySQL.

use super::Engine;

/// Cuts what a client sends into requests.
pub enum Requests {
    Postgres(PostgresRequests),
    Mysql(MysqlRequests),
}

impl Requests {
    pub fn of(engine: Engine) -> Self {
        match engine {
            Engine::Mysql => Self::Mysql(MysqlRequests::default()),
            _ => Self::Postgres(PostgresRequests::starting()),
        }
    }

    pub fn take(&mut self, bytes: &[u8]) -> Vec<Request> {
        match self {
            Self::Postgres(requests) => requests.take(bytes),
            Self::Mysql(requests) => requests.take(bytes),
        }
    }
}

/// Follows what a server answers.
pub enum Replies {
    Postgres,
    Mysql(MysqlReplies),
}

impl Replies {
    pub fn of(engine: Engine) -> Self {
        match engine {
            Engine::Mysql => Self::Mysql(MysqlReplies::default()),
            _ => Self::Postgres,
        }
    }

    /// Whether a reply is complete with these bytes.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        match self {
            // It ends with ReadyForQuery, six bytes; ours are short enough to come whole.
            Self::Postgres => bytes.len() >= 6 && bytes[bytes.len() - 6] == b'Z',
            Self::Mysql(replies) => replies.take(bytes),
        }
    }
}

pub struct Request {
    pub bytes: Vec<u8>,
    pub sql: String,
    /// Whether it is one that the server answers, after the start of the connection.
    pub counts: bool,
}

/// Of PostgreSQL: a request ends with a simple query or a Sync.
pub struct PostgresRequests {
    pending: Vec<u8>,
    request: Request,
    /// The first message has no tag.
    started: bool,
}

impl PostgresRequests {
    fn starting() -> Self {
        Self {
            pending: Vec::new(),
            request: Request::empty(),
            started: false,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Vec<Request> {
        self.pending.extend_from_slice(bytes);
        let mut whole = Vec::new();
        loop {
            let head = usize::from(self.started);
            let Some(length) = self.pending.get(head..head + 4) else {
                return whole;
            };
            let end = head + u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
            if self.pending.len() < end {
                return whole;
            }
            let message: Vec<u8> = self.pending.drain(..end).collect();
            let tag = if self.started { message[0] } else { 0 };
            // A request for encryption is followed by the real start.
            let encryption = !self.started && message.len() == 8;
            self.started |= !encryption;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
            match tag {
                b'Q' => self.request.sql = text(&message[5..]),
                // The statement's name, then its text, then its parameters' types.
                b'P' => self.request.sql = message[5..].split(|b| *b == 0).nth(1).map(text).unwrap_or_default(),
                _ => {}
            }
            self.request.bytes.extend_from_slice(&message);
            self.request.counts = matches!(tag, b'Q' | b'S');
            if matches!(tag, 0 | b'Q' | b'S' | b'X' | b'p') {
                whole.push(std::mem::replace(&mut self.request, Request::empty()));
            }
        }
    }
}

impl Request {
    fn empty() -> Self {
        Self {
            bytes: Vec::new(),
            sql: String::new(),
            counts: false,
        }
    }
}

/// MySQL's packets: three bytes of length, a number that begins anew with each command, and that much more.
fn packets(pending: &mut Vec<u8>) -> Vec<Vec<u8>> {
    let mut whole = Vec::new();
    while let Some(head) = pending.get(..4) {
        let end = 4 + u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
        if pending.len() < end {
            break;
        }
        whole.push(pending.drain(..end).collect());
    }
    whole
}

/// Of MySQL: every packet of a client's is one, once it is connected.
#[derive(Default)]
pub struct MysqlRequests {
    pending: Vec<u8>,
}

impl MysqlRequests {
    fn take(&mut self, bytes: &[u8]) -> Vec<Request> {
        const QUIT: u8 = 1;
        const QUERY: u8 = 3;
        const PREPARE: u8 = 0x16;
        const CLOSE: u8 = 0x19;
        self.pending.extend_from_slice(bytes);
        let requests = packets(&mut self.pending).into_iter().map(|packet| {
            let command = packet.get(4).copied().unwrap_or_default();
            let sql = match command {
                QUERY | PREPARE => String::from_utf8_lossy(&packet[5..]).into_owned(),
                _ => String::new(),
            };
            Request {
                sql,
                // While a client introduces itself the numbers go on; two commands are not answered.
                counts: packet[3] == 0 && !matches!(command, QUIT | CLOSE),
                bytes: packet,
            }
        });
        requests.collect()
    }
}

/// Of MySQL: results one after another, each an end by itself or columns, rows and an end; the last one says that it is.
#[derive(Default)]
pub struct MysqlReplies {
    pending: Vec<u8>,
    connected: bool,
    within: Within,
}

#[derive(Default)]
enum Within {
    #[default]
    Nothing,
    Columns(u64),
    Rows,
}

impl MysqlReplies {
    fn take(&mut self, bytes: &[u8]) -> bool {
        const OK: u8 = 0;
        const END: u8 = 0xfe;
        const ERROR: u8 = 0xff;
        self.pending.extend_from_slice(bytes);
        let mut ended = false;
        for packet in packets(&mut self.pending) {
            let body = &packet[4..];
            let first = body.first().copied().unwrap_or_default();
            if !self.connected {
                self.connected = matches!(first, OK | ERROR);
                continue;
            }
            ended = false;
            self.within = match self.within {
                _ if first == ERROR => {
                    ended = true;
                    Within::Nothing
                }
                Within::Nothing if first == OK => {
                    ended = !more_follows(body);
                    Within::Nothing
                }
                Within::Nothing => Within::Columns(number(body).0),
                Within::Columns(0 | 1) => Within::Rows,
                Within::Columns(left) => Within::Columns(left - 1),
                Within::Rows if first == END => {
                    ended = !more_follows(body);
                    Within::Nothing
                }
                Within::Rows => Within::Rows,
            };
        }
        ended
    }
}

/// A number of varying length, and how long it is.
fn number(bytes: &[u8]) -> (u64, usize) {
    let long = match bytes.first() {
        Some(0xfc) => 2,
        Some(0xfd) => 3,
        Some(0xfe) => 8,
        Some(small) => return (u64::from(*small), 1),
        None => return (0, 0),
    };
    let digits = bytes.iter().skip(1).take(long).rev();
    (digits.fold(0, |sum, digit| sum << 8 | u64::from(*digit)), 1 + long)
}

/// Whether the end of a result says that another one follows.
fn more_follows(end: &[u8]) -> bool {
    const MORE: u8 = 8;
    let rows = 1 + number(&end[1..]).1;
    let identity = rows + number(&end[rows..]).1;
    end.get(identity).is_some_and(|status| status & MORE != 0)
}
