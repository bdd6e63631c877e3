//! A link to a server that can be cut, delayed, or fall silent at any message: a proxy on a socket of its own. Where a request
//! and its reply end, the protocol tells (`wire`).
//!
//! ```text
//!  client ──request──► link ──► server
//!  client ◄── reply ── link ◄── server
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::wire::{Replies, Requests};
use super::{Database, Engine};

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
    engine: Engine,
    judge: Box<Judge>,
    /// Requests since the start, of all connections.
    requests: AtomicUsize,
    met: AtomicBool,
    weather: watch::Receiver<Weather>,
}

impl Link {
    /// `judge` decides about each request by its number, from 1, over all connections, and its SQL.
    pub async fn new(database: &Database, judge: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) -> Self {
        let far = Far::of(database);
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let (weather, seen) = watch::channel(Weather::Clear);
        let shared = Arc::new(Shared {
            engine: database.engine,
            judge: Box::new(judge),
            requests: AtomicUsize::new(0),
            met: AtomicBool::new(false),
            weather: seen,
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, far.clone(), Arc::clone(&serving)));
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
        let folder = self.folder.path().display();
        if database.engine == Engine::Mysql {
            let options: sqlx::mysql::MySqlConnectOptions = database.url.parse().expect("a URL");
            let (user, name) = (options.get_username(), options.get_database().expect("a name"));
            // It reads what passes.
            return format!("mysql://{user}@localhost/{name}?socket={folder}/{SOCKET}&ssl-mode=disabled");
        }
        let options: sqlx::postgres::PgConnectOptions = database.url.parse().expect("a URL");
        let (user, name) = (options.get_username(), options.get_database().expect("a name"));
        format!("postgres://{user}@localhost/{name}?host={folder}")
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The name that PostgreSQL's clients look for in a folder; others do not mind.
const SOCKET: &str = ".s.PGSQL.5432";

/// Where the server is.
#[derive(Clone)]
enum Far {
    Socket(PathBuf),
    Host(String, u16),
}

impl Far {
    fn of(database: &Database) -> Self {
        if database.engine == Engine::Mysql {
            let options: sqlx::mysql::MySqlConnectOptions = database.url.parse().expect("a URL");
            return match options.get_socket() {
                Some(path) => Self::Socket(path.clone()),
                None => Self::Host(options.get_host().to_owned(), options.get_port()),
            };
        }
        let options: sqlx::postgres::PgConnectOptions = database.url.parse().expect("a URL");
        let at = |folder: &Path| Self::Socket(folder.join(format!(".s.PGSQL.{}", options.get_port())));
        match options.get_socket() {
            Some(folder) => at(folder),
            None if options.get_host().starts_with('/') => at(Path::new(options.get_host())),
            None => Self::Host(options.get_host().to_owned(), options.get_port()),
        }
    }
}

async fn connect(near: UnixStream, far: Far, shared: Arc<Shared>) {
    match far {
        Far::Socket(path) => match UnixStream::connect(path).await {
            Ok(far) => pass(near, far, shared).await,
            Err(_) => drop(near),
        },
        Far::Host(host, port) => match TcpStream::connect((host, port)).await {
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
    let back = replies(from_far, to_near, fate, &shared, cut.clone());
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
    let mut frames = Requests::of(shared.engine);
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
    shared: &Shared,
    cut: CancellationToken,
) {
    let mut weather = shared.weather.clone();
    let mut framed = Replies::of(shared.engine);
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
        let ended = framed.take(&buffer[..n]);
        if let Fate::Late(by) = now {
            tokio::time::sleep(by).await;
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
        if now == Fate::CutAfterReply && ended {
            let _ = to.flush().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            return cut.cancel();
        }
    }
}
