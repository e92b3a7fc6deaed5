//! The listening socket, which can be closed for a while so that connections are truly refused; accepted connections.

use std::net::{Shutdown, SocketAddr, TcpListener as StdListener};
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::Request;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

use super::app::app;
use super::connection::{Connection, Handle, abort, close};
use super::state::State;
use crate::emulator::faults::kind::FaultKind;
use crate::emulator::http::request::{BodyTimeout, ClientAddress};

/// Serves until its task is aborted.
pub(crate) async fn serve(listener: StdListener, address: SocketAddr, state: State) {
    let mut listener = Some(listener);
    loop {
        let bound = match listener.take() {
            Some(listener) => listener,
            None => bind(address).await,
        };
        let accepting = tokio::spawn(accept_all(bound, state.clone()));
        state.listener().report(true);
        state.listener().wait_until_wanted(false).await;
        accepting.abort();
        // The socket is closed when the task has ended.
        let _ = accepting.await;
        state.listener().report(false);
        state.listener().wait_until_wanted(true).await;
    }
}

/// Listens on the port again, as soon as it is free.
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
    let Ok(listener) = TcpListener::from_std(listener).map(Listening) else { return };
    let router = TowerToHyperService::new(app(state.clone()));
    loop {
        match listener.0.accept().await {
            Ok((stream, client)) => accept(stream, client, &state, router.clone()),
            // Out of file descriptors, say: it may pass.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// A socket that no longer listens when this is dropped, even if a forked child has it too.
struct Listening(TcpListener);

impl Drop for Listening {
    fn drop(&mut self) {
        // Not every system shuts down a listening socket; it is closed all the same.
        let _ = SockRef::from(&self.0).shutdown(Shutdown::Both);
    }
}

fn accept(stream: TcpStream, client: SocketAddr, state: &State, router: TowerToHyperService<axum::Router>) {
    let handle = Handle::default();
    let timeout;
    let fault = {
        let mut locked = state.lock();
        locked.connections.add(&handle);
        let fault = locked.faults.take_on_accept();
        timeout = locked.store.options.connection_timeout;
        let counters = &mut locked.store.request_log.counters;
        counters.connections += 1;
        counters.faults += u64::from(fault.is_some());
        fault
    };
    if let Some(fault) = fault {
        if fault.order.kind == FaultKind::ResetOnAccept {
            abort(&stream);
        } else {
            close(&stream);
        }
        return;
    }
    // Without it a small reply can wait for an acknowledgement; it is no loss where it cannot be had.
    let _ = stream.set_nodelay(true);
    let connection = Connection::new(stream, handle.clone());
    let timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let mut request = request.map(HttpBody::new);
        request.extensions_mut().insert(handle.clone());
        request.extensions_mut().insert(ClientAddress(client.ip()));
        if let Some(timeout) = timeout {
            request.extensions_mut().insert(BodyTimeout(timeout));
        }
        router.call(request)
    });
    tokio::spawn(async move {
        let mut builder = http1::Builder::new();
        // Cut replies need the head and the body in one buffer; titles are how the API writes header names; a client
        // may end its side once its request is out.
        builder.title_case_headers(true).writev(false).half_close(true);
        // From the end of the last reply to that of the next head.
        builder.timer(TokioTimer::new()).header_read_timeout(timeout);
        // A connection ends as the client or a fault ends it; neither is an error of the emulator.
        let _ = builder.serve_connection(TokioIo::new(connection), service).await;
    });
}
