//! Two connected sockets: a byte in one wakes the event loop that watches the other.
use std::io::{Read, Result, Write};
#[cfg(any(not(unix), test))]
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use super::descriptors;

#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type Stream = TcpStream;

/// What `loop.add_reader` takes.
#[cfg(unix)]
pub(super) type Descriptor = std::os::fd::RawFd;
#[cfg(windows)]
pub(super) type Descriptor = std::os::windows::io::RawSocket;

/// The end that wakes, on any thread.
pub(super) struct Waker(End);

/// The end that is watched.
pub(super) struct WakeUps(End);

/// A socket that is leaked once its number may be another file's.
struct End {
    stream: Arc<Stream>,
    generation: u32,
}

impl End {
    fn new(stream: Stream) -> Self {
        End { stream: Arc::new(stream), generation: descriptors::generation() }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if self.generation != descriptors::generation() {
            std::mem::forget(self.stream.clone());
        }
    }
}

/// Both ends; neither ever waits.
pub(super) fn pair() -> Result<(Waker, WakeUps)> {
    #[cfg(unix)]
    let (waker, wake_ups) = Stream::pair()?;
    #[cfg(not(unix))]
    let (waker, wake_ups) = loopback_pair()?;
    waker.set_nonblocking(true)?;
    wake_ups.set_nonblocking(true)?;
    Ok((Waker(End::new(waker)), WakeUps(End::new(wake_ups))))
}

impl Waker {
    pub(super) fn wake(&self) {
        // If the socket is full the loop is being woken already; if it is closed there is no loop any more.
        let _ = (&*self.0.stream).write(&[1]);
    }
}

impl WakeUps {
    pub(super) fn descriptor(&self) -> Descriptor {
        #[cfg(unix)]
        return std::os::fd::AsRawFd::as_raw_fd(&*self.0.stream);
        #[cfg(windows)]
        return std::os::windows::io::AsRawSocket::as_raw_socket(&*self.0.stream);
    }

    /// Takes all bytes that are there.
    pub(super) fn clear(&self) {
        let mut bytes = [0u8; 64];
        while matches!((&*self.0.stream).read(&mut bytes), Ok(n) if n == bytes.len()) {}
    }
}

/// Where there are no pairs of sockets. Any process of this machine may connect first: only our own connection is taken.
#[cfg(any(not(unix), test))]
fn loopback_pair() -> Result<(TcpStream, TcpStream)> {
    const STRANGERS: usize = 16;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let waker = TcpStream::connect(listener.local_addr()?)?;
    waker.set_nodelay(true)?;
    let ours = waker.local_addr()?;
    for _ in 0..=STRANGERS {
        let (wake_ups, peer) = listener.accept()?;
        if peer == ours {
            return Ok((waker, wake_ups));
        }
    }
    Err(std::io::Error::other("other processes connect to the socket that wakes the event loop"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wake_ups_are_there_until_they_are_cleared() -> Result<()> {
        let (waker, wake_ups) = pair()?;
        for _ in 0..100 {
            waker.wake();
        }
        let mut byte = [0u8; 1];
        // A pair of sockets has all of them at once; through TCP some come later, and are cleared by what they wake.
        let most = if cfg!(unix) { 1 } else { 1000 };
        let nothing = (0..most).find_map(|_| {
            wake_ups.clear();
            (&*wake_ups.0.stream).read(&mut byte).err()
        });
        assert_eq!(nothing.map(|error| error.kind()), Some(std::io::ErrorKind::WouldBlock));
        waker.wake();
        assert!(wake_ups.descriptor() > 0);
        wake_ups.0.stream.set_nonblocking(false)?;
        wake_ups.0.stream.set_read_timeout(Some(std::time::Duration::from_secs(60)))?;
        assert_eq!((&*wake_ups.0.stream).read(&mut byte)?, 1);
        Ok(())
    }

    #[test]
    fn a_loopback_pair_is_connected_to_itself() -> Result<()> {
        let (waker, wake_ups) = loopback_pair()?;
        (&waker).write_all(b"x")?;
        let mut byte = [0u8; 1];
        (&wake_ups).read_exact(&mut byte)?;
        assert_eq!(&byte, b"x");
        assert_eq!(wake_ups.peer_addr()?, waker.local_addr()?);
        Ok(())
    }
}
