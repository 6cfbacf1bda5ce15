//! A check that does not use the credential: whether the public half of a key stands among those that a
//! server publishes for a user, as forges do at `/USER.keys`. The key stays here, and whoever reads the
//! server's log learns no more than that somebody looked.

use super::endpoint::Endpoint;
use super::engine::{Run, VerifyOptions, now};
use super::logins::About;
use super::request::{Request, Shown};
use super::servers::{Protocol, public_half};
use super::{Facts, Unchecked, Verdict, Verified};
use crate::findings::Finding;

/// What lines of such a list begin with (RFC 4253, section 6.6; RFC 5656; RFC 8709; OpenSSH's
/// `PROTOCOL.u2f`).
const KINDS: [&str; 3] = ["ssh-", "ecdsa-sha2-", "sk-"];

/// The list that the user named for keys of SSH, if the finding is such a key.
pub(super) fn list<'o>(finding: &Finding, options: &'o VerifyOptions) -> Option<&'o Endpoint> {
    if finding.pattern.id != "private-key.pem" {
        return None;
    }
    let endpoint = options.endpoints.get(Protocol::Ssh.provider())?;
    endpoint.server().is_none().then_some(endpoint)
}

/// The call as it may be shown: it holds nothing of the key.
pub(super) fn shown(list: &Endpoint) -> Shown {
    Shown {
        line: format!("GET {}", list.base()),
        headers: Vec::new(),
        body: None,
    }
}

impl Run<'_> {
    /// Looks for the public half of a key in a list.
    pub(super) fn looked_up(&self, finding: &Finding, list: &Endpoint) -> Verified {
        match self.look(finding, list) {
            Ok(said) => said,
            Err(why) => Verified::not_checked(&why),
        }
    }

    fn look(&self, finding: &Finding, list: &Endpoint) -> Result<Verified, Unchecked> {
        let own = public_half(finding.credential.secret.expose());
        let own = own.map_err(|why| Unchecked::Unfit(why.into()))?;
        let host = list.target().host.clone();
        if !self.pace.wait(&host, &self.options.stop) {
            return Err(Unchecked::Stopped);
        }
        let of = About::looking(finding, Protocol::Ssh.provider());
        let request = Request {
            method: "GET",
            target: list.target().clone(),
            url: list.base().to_owned(),
            headers: Vec::new(),
            body: None,
            identity: None,
            shown: shown(list),
        };
        let number = self.log_call(&of, &request.shown, &host)?;
        let said = |verdict, reason: &str, status| Verified {
            verdict,
            reason: reason.to_owned(),
            time: Some(now()),
            host: host.clone(),
            status,
            facts: Facts::default(),
            notes: Vec::new(),
            remembered: false,
        };
        let answer = match self.transport.send(&request) {
            Ok(answer) => answer,
            Err(trouble) => return Ok(said(Verdict::Unknown, &trouble.to_string(), None)),
        };
        let status = Some(answer.status);
        self.log_answer(&of, &host, number, status);
        let stands = (answer.status == 200)
            .then(|| stands(&answer.body, &own))
            .flatten();
        Ok(match stands {
            Some(true) => {
                let why = "its public half stands among the keys that are published there; the key itself was not used";
                let mut said = said(Verdict::Live, why, status);
                said.facts.identity = whose(list.base());
                said
            }
            Some(false) => {
                let why = "its public half is not among the keys that are published there, which need not be all";
                said(Verdict::Unknown, why, status)
            }
            None => said(
                Verdict::Unknown,
                "what came is no list of public keys",
                status,
            ),
        })
    }
}

/// Whether a key, in base64, is on a list; `None` if it is no list of keys, or an empty one.
fn stands(body: &[u8], own: &str) -> Option<bool> {
    let text = std::str::from_utf8(body).ok()?;
    let mut lines = text.lines().filter(|l| !l.trim().is_empty()).peekable();
    lines.peek()?;
    let mut found = false;
    for line in lines {
        let mut words = line.split_ascii_whitespace();
        let kind = words.next()?;
        if !KINDS.iter().any(|k| kind.starts_with(k)) {
            return None;
        }
        found |= words.next()?.trim_end_matches('=') == own.trim_end_matches('=');
    }
    Some(found)
}

/// Whose list it is, as its address says: `octocat` of `https://github.com/octocat.keys`.
fn whose(url: &str) -> Option<String> {
    let (_, last) = url.rsplit_once('/')?;
    let name = last.strip_suffix(".keys")?;
    (!name.is_empty()).then(|| super::reading::shown(name))
}
