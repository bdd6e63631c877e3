//! A link to PostgreSQL that can be cut, delayed, or fall silent at any message: a proxy on a socket of its own.
//!
//! ```text
//!  client ──request──► link ──► server          a request ends with a simple query or a Sync,
//!  client ◄── reply ── link ◄── server          its reply with ReadyForQuery
//! ```

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Database;

/// What becomes of a request and of the connection it came on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It passes, and so does its reply.
    Passes,
    /// The connection is cut before the server sees it.
    CutBefore,
    /// The server carries it out; the connection is cut before its reply arrives.
    CutBeforeReply,
    /// The connection is cut right after its reply arrived.
    CutAfterReply,
    /// The server carries it out, but nothing of the server's arrives any more. The connection stays.
    Silence,
    /// Nothing arrives any more in either direction, from this request on. The connection stays.
    BlackHole,
    /// Its reply arrives so much later.
    Late(Duration),
}

/// What the link is like as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Clear,
    /// Nothing passes in either direction; connections stay, and new ones get no answer.
    BlackHole,
    /// Connections are cut, and new ones too.
    Cut,
}

type Judge = dyn Fn(usize, &str) -> Fate + Send + Sync;

/// The proxy; it ends with its owner.
pub struct Link {
    folder: tempfile::TempDir,
    task: tokio::task::JoinHandle<()>,
    weather: watch::Sender<Weather>,
    shared: Arc<Shared>,
}

struct Shared {
    judge: Box<Judge>,
    /// Requests since the start, of all connections.
    requests: AtomicUsize,
    met: AtomicBool,
    weather: watch::Receiver<Weather>,
}

impl Link {
    /// `judge` decides about each request by its number, from 1, over all connections, and its SQL.
    pub async fn new(database: &Database, judge: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) -> Self {
        let options: sqlx::postgres::PgConnectOptions = database.url.parse().expect("a URL");
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let (weather, seen) = watch::channel(Weather::Clear);
        let shared = Arc::new(Shared {
            judge: Box::new(judge),
            requests: AtomicUsize::new(0),
            met: AtomicBool::new(false),
            weather: seen,
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, options.clone(), Arc::clone(&serving)));
            }
        });
        Self {
            folder,
            task,
            weather,
            shared,
        }
    }

    /// A link that passes everything on until the weather changes.
    pub async fn clear(database: &Database) -> Self {
        Self::new(database, |_, _| Fate::Passes).await
    }

    pub fn becomes(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Whether a request met another fate than to pass.
    pub fn met(&self) -> bool {
        self.shared.met.load(Ordering::SeqCst)
    }

    /// The database behind it.
    pub fn url(&self, database: &Database) -> String {
        let options: sqlx::postgres::PgConnectOptions = database.url.parse().expect("a URL");
        let name = options.get_database().expect("a name").to_owned();
        let user = options.get_username().to_owned();
        format!(
            "postgres://{user}@localhost/{name}?host={}",
            self.folder.path().display()
        )
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(near: UnixStream, options: sqlx::postgres::PgConnectOptions, shared: Arc<Shared>) {
    let at = |folder: &Path| folder.join(format!(".s.PGSQL.{}", options.get_port()));
    let socket = match options.get_socket() {
        Some(folder) => Some(at(folder)),
        None if options.get_host().starts_with('/') => Some(at(Path::new(options.get_host()))),
        None => None,
    };
    match socket {
        Some(path) => match UnixStream::connect(path).await {
            Ok(far) => pass(near, far, shared).await,
            Err(_) => drop(near),
        },
        None => match TcpStream::connect((options.get_host(), options.get_port())).await {
            Ok(far) => pass(near, far, shared).await,
            Err(_) => drop(near),
        },
    }
}

/// Passes on in both directions until one side ends or the connection is cut.
async fn pass(near: UnixStream, far: impl AsyncRead + AsyncWrite + Send + 'static, shared: Arc<Shared>) {
    let (from_near, to_near) = near.into_split();
    let (from_far, to_far) = tokio::io::split(far);
    let cut = CancellationToken::new();
    let (tell, fate) = watch::channel(Fate::Passes);
    let mut weather = shared.weather.clone();
    let there = requests(from_near, to_far, &shared, tell, cut.clone());
    let back = replies(from_far, to_near, fate, shared.weather.clone(), cut.clone());
    tokio::select! {
        () = there => {}
        () = back => {}
        () = cut.cancelled() => {}
        _ = weather.wait_for(|w| *w == Weather::Cut) => {}
    }
}

async fn requests(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    shared: &Shared,
    tell: watch::Sender<Fate>,
    cut: CancellationToken,
) {
    let mut weather = shared.weather.clone();
    let mut frames = Frames::starting();
    let mut buffer = vec![0; 16384];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        for request in frames.take(&buffer[..n]) {
            let _ = weather.wait_for(|w| *w != Weather::BlackHole).await;
            let number = shared.requests.fetch_add(usize::from(request.counts), Ordering::SeqCst) + 1;
            let fate = if request.counts {
                (shared.judge)(number, &request.sql)
            } else {
                Fate::Passes
            };
            if fate != Fate::Passes {
                shared.met.store(true, Ordering::SeqCst);
            }
            // Silence is for good; a delay is for its own reply.
            if *tell.borrow() != Fate::Silence {
                tell.send_replace(fate);
            }
            match fate {
                Fate::CutBefore => return cut.cancel(),
                Fate::BlackHole => return std::future::pending().await,
                _ => {}
            }
            if to.write_all(&request.bytes).await.is_err() {
                return;
            }
        }
    }
    let _ = to.shutdown().await;
    // The server's last words may be on their way; a client that fell silent is waited for no longer than that.
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn replies(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    fate: watch::Receiver<Fate>,
    mut weather: watch::Receiver<Weather>,
    cut: CancellationToken,
) {
    let mut buffer = vec![0; 16384];
    loop {
        let read = from.read(&mut buffer).await;
        let now = *fate.borrow();
        let _ = weather.wait_for(|w| *w != Weather::BlackHole).await;
        match now {
            // The server's end does not get through either.
            Fate::Silence | Fate::BlackHole => match read {
                Ok(1..) => continue,
                _ => std::future::pending().await,
            },
            Fate::CutBefore | Fate::CutBeforeReply => return cut.cancel(),
            _ => {}
        }
        let Ok(n @ 1..) = read else { return };
        if let Fate::Late(by) = now {
            tokio::time::sleep(by).await;
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
        // A reply ends with ReadyForQuery, six bytes; ours are short enough to come whole.
        if now == Fate::CutAfterReply && n >= 6 && buffer[n - 6] == b'Z' {
            let _ = to.flush().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            return cut.cancel();
        }
    }
}

struct Request {
    bytes: Vec<u8>,
    sql: String,
    /// Whether it is one that the server answers, after the start of the connection.
    counts: bool,
}

/// Cuts what a client sends into requests.
struct Frames {
    pending: Vec<u8>,
    request: Request,
    /// The first message has no tag.
    started: bool,
}

impl Frames {
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
