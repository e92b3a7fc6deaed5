//! The listening socket, which can be closed for a while so that connections are truly refused, and what is accepted.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body as HttpBody;
use axum::http::Request;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::app::{Peer, State, app};
use super::connection::{Connection, Handle, abort};
use crate::emulator::faults::FaultKind;

/// Whether connections are accepted, and whether they should be.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    door: Mutex<Door>,
    /// What is the case has changed.
    moved: Condvar,
    /// What is wanted has changed.
    wanted: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Door {
    open: bool,
    wanted: bool,
    /// When a closed door opens by itself, in real time.
    until: Option<Instant>,
    /// A server turns the handle; a bare router has no door.
    served: bool,
}

impl Default for Door {
    fn default() -> Self {
        Self { open: false, wanted: true, until: None, served: false }
    }
}

impl Listening {
    fn lock(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the door to be open or closed; a closed one opens again after `time`.
    pub(crate) fn want(&self, open: bool, time: Option<Duration>) {
        let mut door = self.lock();
        door.wanted = open;
        door.until = time.filter(|_| !open).map(|time| Instant::now() + time);
        drop(door);
        self.wanted.notify_one();
    }

    /// Waits until what was asked for is the case. Not for the server's own thread, which has to do it.
    pub(crate) fn settle(&self) {
        let door = self.lock();
        let late = Duration::from_secs(5);
        let waiting = |door: &mut Door| door.served && door.open != door.wanted;
        // Another process may sit on the port by now; five seconds are enough to wait for that.
        drop(self.moved.wait_timeout_while(door, late, waiting));
    }

    /// A server is (or is no longer) there to do what is wanted.
    pub(crate) fn served(&self, served: bool) {
        let mut door = self.lock();
        door.served = served;
        door.open = served;
        drop(door);
        self.moved.notify_all();
    }

    fn is(&self, open: bool) {
        self.lock().open = open;
        self.moved.notify_all();
    }

    /// Waits until the door should be `open`.
    async fn until_wanted(&self, open: bool) {
        loop {
            let until = {
                let mut door = self.lock();
                if door.until.is_some_and(|until| until <= Instant::now()) {
                    door.wanted = true;
                    door.until = None;
                }
                if door.wanted == open {
                    return;
                }
                door.until
            };
            match until {
                None => self.wanted.notified().await,
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    // Which of the two came first does not matter: the loop looks.
                    let _ = tokio::time::timeout(left, self.wanted.notified()).await;
                }
            }
        }
    }
}

/// Serves as long as its task lives.
pub(crate) async fn serve(listener: StdListener, address: SocketAddr, state: State) {
    let mut listener = Some(listener);
    loop {
        let bound = match listener.take() {
            Some(listener) => listener,
            None => bind(address).await,
        };
        let accepting = tokio::spawn(accept_all(bound, state.clone()));
        state.listening().is(true);
        state.listening().until_wanted(false).await;
        accepting.abort();
        // The socket is closed when the task has ended.
        let _ = accepting.await;
        state.listening().is(false);
        state.listening().until_wanted(true).await;
    }
}

/// Takes the port again, as soon as it is to be had.
async fn bind(address: SocketAddr) -> StdListener {
    loop {
        let bound = StdListener::bind(address).and_then(|l| l.set_nonblocking(true).map(|()| l));
        match bound {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn accept_all(listener: StdListener, state: State) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let router = TowerToHyperService::new(app(state.clone()));
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => accept(stream, peer, &state, router.clone()),
            // Out of file descriptors, say: it may pass.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn accept(stream: TcpStream, peer: SocketAddr, state: &State, router: TowerToHyperService<axum::Router>) {
    let handle = Handle::default();
    let fault = {
        let mut store = state.lock();
        store.request_log.counters.connections += 1;
        store.connections.add(&handle);
        let fault = store.faults.take_on_accept();
        store.request_log.counters.faults += u64::from(fault.is_some());
        fault
    };
    if let Some(fault) = fault {
        if fault.kind == FaultKind::ResetOnAccept {
            abort(&stream);
        }
        return;
    }
    // Without it a small reply can wait for an acknowledgement; it is no loss where it cannot be had.
    let _ = stream.set_nodelay(true);
    let connection = Connection::new(stream, handle.clone());
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let mut request = request.map(HttpBody::new);
        request.extensions_mut().insert(handle.clone());
        request.extensions_mut().insert(Peer(peer.ip()));
        router.call(request)
    });
    tokio::spawn(async move {
        let mut builder = http1::Builder::new();
        // Cut replies need the head and the body in one buffer; titles are how the API writes header names; a client
        // may end its side once its request is out.
        builder.title_case_headers(true).writev(false).half_close(true);
        // How a connection ends is the client's affair, or a fault's.
        let _ = builder.serve_connection(TokioIo::new(connection), service).await;
    });
}
