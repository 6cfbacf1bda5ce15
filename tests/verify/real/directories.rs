//! OpenLDAP.

use std::fs;
use std::process::Command;

use super::{Real, asked, certificate, folder, port, program, says, word};

fn slapd() -> Option<Real> {
    let slapd = program("slapd")?;
    let (dir, port) = (folder(), port());
    let at = dir.path().display();
    fs::create_dir(dir.path().join("data")).expect("made");
    certificate(dir.path());
    let settings = format!(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
         pidfile {at}/pid\nTLSCertificateFile {at}/cert.pem\nTLSCertificateKeyFile {at}/key.pem\n\
         database mdb\nsuffix dc=example,dc=org\nrootdn cn=boss,dc=example,dc=org\nrootpw {}\n\
         directory {at}/data\n",
        word(1)
    );
    let file = dir.path().join("slapd.conf");
    fs::write(&file, settings).expect("written");
    let mut command = Command::new(slapd);
    command
        .arg("-f")
        .arg(&file)
        .args(["-h", &format!("ldap://127.0.0.1:{port}"), "-d", "0"]);
    Some(Real::start(dir, port, command))
}

#[test]
fn a_directory_says_who_was_bound() {
    let Some(server) = slapd() else { return };
    let line = |seed| {
        format!(
            "URL=ldap://cn=boss,dc=example,dc=org:{}@dir:389",
            word(seed)
        )
    };
    let who = "dn:cn=boss,dc=example,dc=org";
    let endpoint = format!("ldap=ldap://localhost:{}", server.port);
    let ca = server.dir.path().join("cert.pem");
    let trusting = ["--ca-file", ca.to_str().expect("text")];
    let tls = format!("{endpoint}?tls");
    for (endpoint, more) in [(&endpoint, &[][..]), (&tls, &trusting[..])] {
        says(&asked(&line(1), endpoint, more), "live", Some(who), None);
        let wrong = asked(&line(99), endpoint, more);
        says(&wrong, "dead", None, None);
        assert_eq!(wrong["status"], 49);
    }
    says(&asked(&line(1), &tls, &[]), "unknown", None, None);
}
