//! What may stand at the address of `cache`: a Redis that proves who it is, one node of a cluster, a Sentinel.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use weixin_emulator::Emulator;
use weixin_login_servers::{Redis, RedisOptions, free_port};

use crate::harness::allowed_by;
use crate::program::{Program, command, write_config};

fn with_cache(config: &str, url: &str) -> String {
    format!("cache = \"{url}\"\n{config}")
}

#[tokio::test]
async fn what_is_no_redis_by_itself_is_said_so_at_the_start_and_by_check() {
    let cluster = ["--cluster-enabled", "yes"].map(String::from).to_vec();
    for (options, what) in [
        (RedisOptions { arguments: cluster, ..RedisOptions::default() }, "one node of a Redis Cluster"),
        (RedisOptions { sentinel: true, ..RedisOptions::default() }, "is a Sentinel"),
    ] {
        let redis = Redis::start(options).unwrap();
        let weixin = Emulator::start(Default::default()).await.unwrap();
        let data = TempDir::new().unwrap();
        let url = format!("redis://127.0.0.1:{}", redis.port());
        let file = write_config(&weixin, &data, |config| with_cache(&config, &url));
        let mut program = Program::start(&file);
        let logged = program.logged("the cache does not answer; nobody can log in until it does");
        assert!(logged.contains(what), "{logged}");
        let (_, ops) = program.addresses().unwrap();
        let ready = reqwest::get(format!("http://{ops}/readyz")).await.unwrap();
        let (status, said) = (ready.status(), ready.text().await.unwrap());
        assert!(status == 503 && said.contains(what), "{status} {said}");
        let checked = command(&["check"], &file).output().unwrap();
        let said = String::from_utf8(checked.stdout).unwrap();
        assert!(!checked.status.success() && said.contains(what), "{said}");
    }
}

#[tokio::test]
async fn a_redis_that_proves_who_it_is_is_believed_and_no_other() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let ca = write("ca.pem", &authority.pem());
    let port = free_port().unwrap().to_string();
    let (cert, key) = (write("cert.pem", &cert.pem()), write("key.pem", &key.serialize_pem()));
    let arguments = [
        ["--tls-port", &port],
        ["--tls-cert-file", &cert],
        ["--tls-key-file", &key],
        ["--tls-ca-cert-file", &ca],
        ["--tls-auth-clients", "no"],
    ];
    let arguments = arguments.concat().into_iter().map(String::from).collect();
    let _redis = Redis::start(RedisOptions { arguments, ..RedisOptions::default() }).unwrap();
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let data = TempDir::new().unwrap();
    let url = format!("rediss://127.0.0.1:{port}");
    let file = write_config(&weixin, &data, |config| with_cache(&config, &url));

    // The system's authorities do not know it.
    let mut program = Program::start(&file);
    let logged = program.logged("the cache does not answer; nobody can log in until it does");
    assert!(logged.to_lowercase().contains("certificate"), "{logged}");
    program.stop();
    // As an operator names one of their own: this variable is read wherever the system's authorities are.
    let mut program = Program::start_with(&file, &[("SSL_CERT_FILE", ca.as_ref())]);
    let mut visitor = program.visitor();
    let callback = allowed_by(&weixin, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
    assert_eq!(visitor.session().await.status, 200);
}
