//! A client and a server on 127.0.0.1 whose replies the target makes, on one thread. The client's waits pass at once.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas_serverless::core::auth::credentials::Credentials;
use atlas_serverless::core::auth::discovery::resolved::ResolvedCredentials;
use atlas_serverless::core::auth::token_cache::location::TokenStoreLocation;
use atlas_serverless::core::client::Client;
use atlas_serverless::core::config::Config;
use atlas_serverless::core::context::Env;
use atlas_serverless::core::context::clock::{FixedRng, ManualClock};
use atlas_serverless::core::http::network::route::Route;
use atlas_serverless::core::http::network::trust::TrustedCertificates;
use atlas_serverless::core::policy::poll_intervals::PollIntervals;
use atlas_serverless::core::policy::retry::RetryPolicy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The bearer token of the client.
pub const TOKEN: &str = "3a41c6-access-token-77d0";

/// A request as it arrived.
pub struct Request {
    pub method: String,
    pub target: String,
}

/// What the server does with a request.
pub enum Action {
    Reply(Vec<u8>),
    /// And then closes the connection.
    ReplyAndClose(Vec<u8>),
}

pub trait Server: Send + 'static {
    /// Whether a new connection is closed before anything is read.
    fn refuses(&mut self) -> bool {
        false
    }

    fn answer(&mut self, request: &Request) -> Action;
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    static LISTENER: std::net::TcpListener = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    };
}

/// Makes calls against a server, and returns the server as it is afterwards.
pub fn call<S: Server, T>(
    server: S,
    clock: &ManualClock,
    max_retries: u32,
    work: impl AsyncFnOnce(Client) -> T,
) -> (S, T) {
    let server = Arc::new(Mutex::new(server));
    let result = RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let listener = LISTENER.with(|listener| {
                // Connections that an earlier client has opened and not used.
                while listener.accept().is_ok() {}
                listener.try_clone().unwrap()
            });
            let url = format!("http://{}", listener.local_addr().unwrap());
            let accepting = tokio::spawn(accept(TcpListener::from_std(listener).unwrap(), server.clone()));
            let result = work(client(&url, clock, max_retries)).await;
            accepting.abort();
            let _ = accepting.await;
            result
        })
    });
    // A connection that is still read from has its end with the client, and then lets go of the server.
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            while Arc::strong_count(&server) > 1 {
                tokio::task::yield_now().await;
            }
        });
    });
    let server = Arc::into_inner(server).expect("nobody else has it").into_inner().unwrap();
    (server, result)
}

fn client(url: &str, clock: &ManualClock, max_retries: u32) -> Client {
    let found = ResolvedCredentials::given(Credentials::AccessToken { token: TOKEN.into() }, url.to_owned());
    // In real seconds: what the server has to say is said at once.
    let timeout = Duration::from_secs(15);
    let config = Config {
        api_version: "2025-03-12".to_owned(),
        connect_timeout: timeout,
        env: Env {
            clock: Arc::new(clock.clone()),
            rng: Arc::new(FixedRng(0.0)),
            policy: RetryPolicy { max_retries, max_retry_time: MAX_RETRY_TIME },
            timeout,
            poll_intervals: PollIntervals::SERVICE,
        },
        trust: TrustedCertificates::default(),
        route: Route::default(),
        token_cache: TokenStoreLocation::default(),
        user_agent: "fuzz".to_owned(),
        reconcile: true,
    };
    Client::new(config, &found).unwrap()
}

pub const MAX_RETRY_TIME: Duration = Duration::from_secs(180);

async fn accept<S: Server>(listener: TcpListener, server: Arc<Mutex<S>>) {
    while let Ok((stream, _)) = listener.accept().await {
        if !server.lock().unwrap().refuses() {
            tokio::spawn(serve(stream, server.clone()));
        }
    }
}

async fn serve<S: Server>(mut stream: TcpStream, server: Arc<Mutex<S>>) {
    let mut read = Vec::new();
    while let Some(request) = request(&mut stream, &mut read).await {
        let action = server.lock().unwrap().answer(&request);
        let (reply, closes) = match action {
            Action::Reply(reply) => (reply, false),
            Action::ReplyAndClose(reply) => (reply, true),
        };
        if stream.write_all(&reply).await.is_err() || closes {
            return;
        }
    }
}

/// The next request; `None` at the end of the connection.
async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some(end) = read.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let lengths = head.lines().filter_map(|line| line.split_once(':'));
            let mut lengths = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let whole = end + 4 + lengths.next().map_or(0, |(_, length)| length.trim().parse::<usize>().unwrap());
            if read.len() >= whole {
                read.drain(..whole);
                let mut words = head.split(' ').map(str::to_owned);
                return Some(Request { method: words.next()?, target: words.next()? });
            }
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}

/// A whole reply.
pub fn reply(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}
