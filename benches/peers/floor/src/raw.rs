//! The create over one blocking socket: what the system calls alone cost.
use std::io::{Read, Write};

use reqwest::header::HeaderValue;
use serde_json::Value;

use crate::auth::{Auth, MEDIA_TYPE, PATH, basic};
use crate::create::body;
use crate::{Err, Opts};

/// The same over one blocking socket, with nothing between it and the kernel.
pub(crate) struct Raw {
    sock: std::net::TcpStream,
    auth: Auth,
    buf: Vec<u8>,
}

impl Raw {
    pub(crate) fn new(o: &Opts) -> Result<Self, Err> {
        let host = o.base.strip_prefix("http://").ok_or("raw speaks plain http only")?;
        let sock = std::net::TcpStream::connect(host)?;
        sock.set_nodelay(true)?;
        let mut c = Raw { sock, auth: Auth::digest(o.naive), buf: vec![0; 16384] };
        if !o.digest {
            let b = "grant_type=client_credentials";
            let head = format!(
                "POST /api/oauth/token HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: {}\r\n\r\n{b}",
                basic(),
                b.len()
            );
            let (_, _, v) = c.exchange(head.as_bytes())?;
            let v: Value = serde_json::from_slice(&v)?;
            let t = v["access_token"].as_str().ok_or("no token")?;
            c.auth = Auth::Bearer(HeaderValue::from_str(&format!("Bearer {t}"))?);
        }
        Ok(c)
    }
    /// Sends one request; its status, its challenge, its body.
    pub(crate) fn exchange(&mut self, req: &[u8]) -> Result<(u16, Option<String>, Vec<u8>), Err> {
        self.sock.write_all(req)?;
        let mut len = 0;
        loop {
            let n = self.sock.read(&mut self.buf[len..])?;
            if n == 0 {
                return Err("closed".into());
            }
            len += n;
            let Some(end) = self.buf[..len].windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buf[..end])?;
            let field = |k: &str| {
                head.lines().filter_map(|l| l.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(k)).map(|(_, v)| v)
            };
            let want: usize = field("content-length").ok_or("no length")?.parse()?;
            let (status, www) = (head[9..12].parse()?, field("www-authenticate").map(str::to_owned));
            while len < end + 4 + want {
                let n = self.sock.read(&mut self.buf[len..])?;
                if n == 0 {
                    return Err("closed".into());
                }
                len += n;
            }
            return Ok((status, www, self.buf[end + 4..end + 4 + want].to_vec()));
        }
    }
    pub(crate) fn create(&mut self, i: usize) -> Result<Value, Err> {
        let b = body(i);
        let mut auth = self.auth.header();
        loop {
            let mut req = format!(
                "POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: {MEDIA_TYPE}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
                b.len()
            )
            .into_bytes();
            if let Some(h) = &auth {
                req.extend_from_slice(b"authorization: ");
                req.extend_from_slice(h.as_bytes());
                req.extend_from_slice(b"\r\n");
            }
            req.extend_from_slice(b"\r\n");
            req.extend_from_slice(&b);
            match self.exchange(&req)? {
                (201, _, v) => return Ok(serde_json::from_slice(&v)?),
                (401, Some(www), _) => auth = Some(self.auth.challenged(&www)?),
                (s, ..) => return Err(format!("status {s}").into()),
            }
        }
    }
}
