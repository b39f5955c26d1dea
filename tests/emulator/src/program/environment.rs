//! `ca` and `env`: what a program of others needs so that WeChat's names lead to the emulator, and it trusts what it finds there.
//! Node.js and Python load a file of ours before the program, so that neither root nor the system's hosts file is needed.

use std::fs;
use std::path::{Path, PathBuf};

use weixin_emulator::{certificate_authority, certificate_authority_file};

use super::arguments::{Env, Folder, Program};

const NODE: &str = include_str!("../../preload/node.cjs");
const PYTHON: &str = include_str!("../../preload/python/sitecustomize.py");
const NAMES: &str = "open.weixin.qq.com lp.open.weixin.qq.com api.weixin.qq.com mp.weixin.qq.com res.wx.qq.com \
                     localhost.weixin.qq.com thirdwx.qlogo.cn wx.qlogo.cn";

#[expect(clippy::print_stdout, reason = "the certificate, to be piped")]
pub fn ca(folder: &Folder) -> Result<(), String> {
    print!("{}", certificate_authority(&folder.ca_dir).map_err(|error| error.to_string())?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what to set, to be evaluated by a shell")]
pub fn env(env: &Env) -> Result<(), String> {
    certificate_authority(&env.folder.ca_dir).map_err(|error| error.to_string())?;
    let folder = env.folder.ca_dir.canonicalize().map_err(|error| error.to_string())?;
    let ca = certificate_authority_file(&folder);
    let ca = ca.display();
    let (tls, desktop) = (env.tls, env.desktop);
    let names = format!("export WEIXIN_EMULATOR_TLS={tls}\nexport WEIXIN_EMULATOR_DESKTOP={desktop}");
    let text = match env.program {
        Program::Node => {
            let file = write(&folder, "node.cjs", NODE)?;
            format!(
                "# Node.js: this CA besides the built-in ones, and a file that leads WeChat's names to {tls}.\n\
                 export NODE_EXTRA_CA_CERTS='{ca}'\nexport NODE_OPTIONS='--require={}'\n{names}",
                file.display()
            )
        }
        Program::Python => {
            let file = write(&folder.join("python"), "sitecustomize.py", PYTHON)?;
            let below = file.parent().unwrap_or(&folder).display();
            format!(
                "# Python: a file that leads WeChat's names to {tls}. Both variables of certificates replace the usual roots, so that\n\
                 # other https addresses fail in this shell; aiohttp, httpx and urllib read SSL_CERT_FILE, requests the other one.\n\
                 export REQUESTS_CA_BUNDLE='{ca}'\nexport SSL_CERT_FILE='{ca}'\n\
                 export PYTHONPATH='{below}'\"${{PYTHONPATH:+:$PYTHONPATH}}\"\n{names}"
            )
        }
        Program::Java => {
            let hosts = format!("{} {NAMES}\n127.0.0.1 localhost\n", tls.ip());
            let hosts = write(&folder, "hosts", &hosts)?;
            let store = folder.join("truststore.p12");
            format!(
                "# Java: names come from a file of their own, and no others are known then; roots from a store of their own, in the place\n\
                 # of Java's. A port cannot be led elsewhere: start the emulator with --tls-port 443.\n{}\
                 [ -e '{store}' ] || keytool -importcert -noprompt -alias weixin-emulator -file '{ca}' -storetype PKCS12 -keystore '{store}' -storepass changeit\n\
                 export JAVA_TOOL_OPTIONS='-Djdk.net.hosts.file={} -Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit'",
                port_warning(tls.port()),
                hosts.display(),
                store = store.display()
            )
        }
        Program::Go => format!(
            "# Go on Linux: this CA in the place of the system's roots. Names and ports are led elsewhere in the program's transport,\n\
             #   http.DefaultTransport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {{\n\
             #       if strings.HasSuffix(address, \".weixin.qq.com:443\") {{ address = \"{tls}\" }}\n\
             #       return (&net.Dialer{{}}).DialContext(ctx, network, address)\n\
             #   }}\n\
             # or by root, with --tls-port 443, in /etc/hosts:\n\
             #   {ip} {NAMES}\n\
             export SSL_CERT_FILE='{ca}'",
            ip = tls.ip()
        ),
        Program::Curl => format!(
            "# curl, without a variable:\n\
             curl --cacert '{ca}' --connect-to api.weixin.qq.com:443:{tls} 'https://api.weixin.qq.com/sns/auth?access_token=t&openid=o'"
        ),
    };
    println!("{text}");
    Ok(())
}

fn port_warning(port: u16) -> String {
    match port {
        443 => String::new(),
        port => format!("# It was told to be on {port}: Java will not find it there.\n"),
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let file = folder.join(name);
    let told = |error| format!("{}: {error}", file.display());
    fs::create_dir_all(folder).map_err(told)?;
    fs::write(&file, text).map_err(told)?;
    Ok(file)
}
