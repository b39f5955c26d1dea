//! Two accounts that turn out to be one person, because their unionid comes late: told once, listed, and joined by the operator alone.

use tempfile::TempDir;
use weixin_emulator::{App, AppKind, DEFAULT_APPID, DEFAULT_SECRET, Emulator, Person};

use crate::harness::{allowed_by, attempt_of};
use crate::program::{Program, command, write_config};

const OTHER_APPID: &str = "wx00000000000000aa";
const WARNING: &str = "these accounts are one person";

struct Site {
    weixin: Emulator,
    data: TempDir,
}

impl Site {
    /// The service with one of the site's apps.
    fn start(&self, appid: &str) -> Program {
        Program::start(&write_config(&self.weixin, &self.data, |config| config.replace(DEFAULT_APPID, appid)))
    }

    async fn log_in(&self, program: &mut Program) {
        let mut visitor = program.visitor();
        let attempt = attempt_of(&visitor.open("/login").await.body);
        visitor.open(&allowed_by(&self.weixin, &attempt)).await;
        assert_eq!(visitor.session().await.status, 200);
    }

    /// What the service says in one login by this app.
    async fn said(&self, appid: &str) -> Vec<String> {
        let mut program = self.start(appid);
        self.log_in(&mut program).await;
        program.stop().lines().filter(|line| line.contains(WARNING)).map(str::to_owned).collect()
    }

    fn is_bound(&self, has_unionid: bool) {
        self.weixin.set_person(Person { has_unionid, ..Person::new("late", "Late") });
        assert!(self.weixin.set_phone_person("late"));
    }

    fn command(&self, words: &[&str]) -> String {
        let output = command(words, &self.data.path().join("weixin-login.toml")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[tokio::test]
async fn accounts_that_turn_out_to_be_one_person_are_told_once_and_listed_until_they_are_merged() {
    let site =
        Site { weixin: Emulator::start(Default::default()).await.unwrap(), data: TempDir::new().unwrap() };
    site.weixin.set_app(App {
        appid: OTHER_APPID.into(),
        secret: DEFAULT_SECRET.into(),
        name: "The site's other app".into(),
        kind: AppKind::Website,
        callback_domains: vec!["*.example.test".into()],
        unionid: true,
        scan_only: false,
    });
    site.is_bound(false);
    assert_eq!(site.said(DEFAULT_APPID).await, [""; 0]);
    assert_eq!(site.said(OTHER_APPID).await, [""; 0]);
    site.is_bound(true);
    // Of the first one alone WeChat tells it: nobody else has it.
    assert_eq!(site.said(OTHER_APPID).await, [""; 0]);
    assert_eq!(site.command(&["accounts", "duplicates"]), "0 people with more than one account\n");

    let [warning] = &*site.said(DEFAULT_APPID).await else { panic!("not told once") };
    let list = site.command(&["accounts", "duplicates"]);
    let (accounts, count) = list.strip_prefix("one person: accounts ").unwrap().split_once('\n').unwrap();
    assert_eq!(count, "1 people with more than one account\n");
    let (one, other) = accounts.split_once(", ").unwrap();
    assert!(warning.contains(" WARN ") && warning.contains(one) && warning.contains(other), "{warning}");
    // Both logins go on as they were, and nothing more is said of it.
    assert_eq!(site.said(DEFAULT_APPID).await, [""; 0]);
    assert_eq!(site.said(OTHER_APPID).await, [""; 0]);
    assert_eq!(site.command(&["accounts", "duplicates"]), list);

    site.command(&["accounts", "merge", one, other, "--retire"]);
    assert_eq!(site.command(&["accounts", "duplicates"]), "0 people with more than one account\n");
    assert_eq!(site.said(DEFAULT_APPID).await, [""; 0]);
    assert_eq!(site.said(OTHER_APPID).await, [""; 0]);
}
