//! The stream that `russh` speaks on: a socket with an allowance of bytes. Its deadline is around the whole
//! login.

use std::io;
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::wire::Spent;

pub(super) struct Allowed {
    socket: tokio::net::TcpStream,
    left: usize,
}

impl Allowed {
    pub(super) fn new(socket: TcpStream, left: usize) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = tokio::net::TcpStream::from_std(socket)?;
        Ok(Self { socket, left })
    }
}

impl AsyncRead for Allowed {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(Err(io::Error::other(Spent)));
        }
        let most = out.remaining().min(this.left);
        let mut part = ReadBuf::new(out.initialize_unfilled_to(most));
        ready!(Pin::new(&mut this.socket).poll_read(context, &mut part))?;
        let count = part.filled().len();
        out.advance(count);
        this.left -= count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Allowed {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}
