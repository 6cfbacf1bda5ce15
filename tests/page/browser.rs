//! A headless browser, driven over two pipes: as much of its protocol for debuggers as tests need.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

/// Names under which a browser of this protocol may be found; `STRAYKEY_BROWSER` names another.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// After so long without an end a browser hangs, and is ended.
const PATIENCE: Duration = Duration::from_secs(240);

/// The browser, if there is one. Says so if not: a test that is skipped is no test that passed.
pub fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("STRAYKEY_BROWSER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = named.or_else(|| {
        std::env::split_paths(&path)
            .flat_map(|dir| NAMES.map(|name| dir.join(name)))
            .find(|file| file.is_file())
    });
    if found.is_none() {
        eprintln!("SKIPPED: no browser here; this test shows nothing");
    }
    found
}

/// One open page, and everything that it complained of.
pub struct Page {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    last: u64,
    /// Errors, warnings, exceptions, violations of the policy.
    pub complaints: Vec<String>,
    /// What it asked for.
    pub requests: Vec<String>,
    /// Ends the watch.
    _done: mpsc::Sender<()>,
    _dir: tempfile::TempDir,
}

impl Page {
    /// Starts a browser with an empty page of this size.
    pub fn start(program: &Path, width: u32, height: u32) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let pipe = |name: &str| {
            let path = dir.path().join(name);
            let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
            assert!(made.success());
            path
        };
        let (to, from) = (pipe("to"), pipe("from"));
        // The protocol speaks on the descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<"$TO" 4>"$FROM""#])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--remote-debugging-pipe",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                "--disable-extensions",
            ])
            .args([
                "--disable-background-networking",
                "--force-color-profile=srgb",
            ])
            .arg(format!("--window-size={width},{height}"))
            .arg(format!(
                "--user-data-dir={}",
                dir.path().join("profile").display()
            ))
            .arg("about:blank")
            .env("TO", &to)
            .env("FROM", &from)
            .env("HOME", dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let to = OpenOptions::new().write(true).open(to).expect("a pipe");
        let from = BufReader::new(File::open(from).expect("a pipe"));
        let (done, watch) = mpsc::channel::<()>();
        let id = child.id().to_string();
        std::thread::spawn(move || {
            if watch.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-9", &id]).status();
            }
        });
        assert!(
            child.try_wait().expect("asked").is_none(),
            "the browser ended"
        );
        let mut page = Self {
            child,
            to,
            from,
            session: None,
            last: 0,
            complaints: Vec::new(),
            requests: Vec::new(),
            _done: done,
            _dir: dir,
        };
        let target = page.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = target["targetId"].clone();
        let session = page.call(
            "Target.attachToTarget",
            json!({"targetId": target, "flatten": true}),
        );
        page.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
        // Violations of the policy and errors, as the page itself sees them.
        let listen = "for (const kind of ['securitypolicyviolation', 'error', 'unhandledrejection']) \
            addEventListener(kind, (e) => console.error(kind + ' ' + (e.blockedURI || e.message || e.reason)), true); \
            addEventListener('load', () => requestAnimationFrame(() => requestAnimationFrame(() => { \
            window.straykeyDrawn = performance.now(); })));";
        page.call(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": listen}),
        );
        page
    }

    /// Opens an address and waits until it is drawn.
    pub fn open(&mut self, address: &str) {
        // A change behind `#` alone would load nothing.
        self.call("Page.navigate", json!({"url": "about:blank"}));
        self.call("Page.navigate", json!({"url": address}));
        let ready = "new Promise((done) => { const wait = () => document.readyState === 'complete' \
            && location.protocol !== 'about:' && !('opens' in document.documentElement.dataset) ? requestAnimationFrame(() => requestAnimationFrame(done)) : setTimeout(wait, 10); wait(); })";
        self.value(ready);
    }

    /// The value of an expression in the page; of a promise, what it comes to.
    pub fn value(&mut self, expression: &str) -> Value {
        let told = self.call(
            "Runtime.evaluate",
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true}),
        );
        assert!(
            told.get("exceptionDetails").is_none(),
            "{expression}: {told}"
        );
        told["result"]["value"].clone()
    }

    /// The text that a selector's first element shows.
    pub fn text(&mut self, selector: &str) -> String {
        let told = self.value(&format!(
            "document.querySelector({selector:?})?.textContent ?? ''"
        ));
        told.as_str().unwrap_or_default().to_owned()
    }

    /// How many elements a selector has.
    pub fn count(&mut self, selector: &str) -> u64 {
        let told = self.value(&format!("document.querySelectorAll({selector:?}).length"));
        told.as_u64().expect("a number")
    }

    /// Presses a key, and lets the page draw.
    pub fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key});
            if key == "Enter" {
                event["windowsVirtualKeyCode"] = json!(13);
                event["text"] = json!("\r");
            }
            if key == "Escape" {
                event["windowsVirtualKeyCode"] = json!(27);
            }
            self.call("Input.dispatchKeyEvent", event);
        }
        self.value(
            "new Promise((done) => { const wait = () => 'opens' in document.documentElement.dataset ? \
             setTimeout(wait, 5) : requestAnimationFrame(() => requestAnimationFrame(done)); wait(); })",
        );
    }

    /// Light or dark, as the person's system says.
    pub fn scheme(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// Whether the page is shown as paper shows it.
    pub fn as_paper(&mut self, is: bool) {
        let media = if is { "print" } else { "" };
        self.call("Emulation.setEmulatedMedia", json!({ "media": media }));
    }

    /// Another size of what is seen; `mobile` as a phone shows pages.
    pub fn size(&mut self, width: u32, height: u32, mobile: bool) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}),
        );
    }

    /// Keeps a picture of what is seen if `STRAYKEY_SHOTS` names a folder: for people to look at.
    pub fn shot(&mut self, name: &str) {
        let Some(dir) = std::env::var_os("STRAYKEY_SHOTS") else {
            return;
        };
        let told = self.call(
            "Page.captureScreenshot",
            json!({"captureBeyondViewport": name.contains("whole")}),
        );
        keep(&told, Path::new(&dir), &format!("{name}.png"));
    }

    /// Prints, and gives the paper's first bytes; the paper is kept as [`Page::shot`] does.
    pub fn paper(&mut self, name: &str) -> String {
        let told = self.call("Page.printToPDF", json!({"printBackground": false}));
        if let Some(dir) = std::env::var_os("STRAYKEY_SHOTS") {
            keep(&told, Path::new(&dir), &format!("{name}.pdf"));
        }
        told["data"].as_str().unwrap_or_default().to_owned()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut asked = json!({"id": self.last, "method": method});
        asked["params"] = params;
        if let Some(session) = &self.session {
            asked["sessionId"] = json!(session);
        }
        let mut bytes = asked.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens");
        loop {
            let mut told = Vec::new();
            self.from
                .read_until(0, &mut told)
                .expect("the browser speaks");
            assert_eq!(told.pop(), Some(0), "the browser ended at {method}");
            let told: Value = serde_json::from_slice(&told).expect("JSON");
            if told["id"] == json!(self.last) {
                assert!(told.get("error").is_none(), "{method}: {told}");
                return told["result"].clone();
            }
            self.hear(&told);
        }
    }

    fn hear(&mut self, told: &Value) {
        let params = &told["params"];
        match told["method"].as_str().unwrap_or_default() {
            "Runtime.consoleAPICalled" if params["type"] != "log" => {
                self.complaints.push(params["args"].to_string());
            }
            "Runtime.exceptionThrown" => {
                self.complaints.push(params["exceptionDetails"].to_string());
            }
            "Log.entryAdded" => self.complaints.push(params["entry"].to_string()),
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                self.requests.push(url.to_owned());
            }
            _ => {}
        }
    }
}

fn keep(told: &Value, dir: &Path, name: &str) {
    let text = told["data"].as_str().unwrap_or_default();
    let file = File::create(dir.join(name)).expect("a file");
    let mut child = Command::new("base64")
        .arg("-d")
        .stdin(Stdio::piped())
        .stdout(file)
        .spawn()
        .expect("base64");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(text.as_bytes())
        .expect("written");
    child.wait().expect("decoded");
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
