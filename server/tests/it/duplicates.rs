//! Two accounts that turn out to be one person, because their unionid comes late: merged at that login, and told of.

use tempfile::TempDir;
use weixin_emulator::{App, AppKind, DEFAULT_APPID, DEFAULT_SECRET, Emulator, Person};

use crate::harness::{allowed_by, attempt_of};
use crate::program::{Program, command, write_config};

const OTHER_APPID: &str = "wx00000000000000aa";
const NEWS: &str = "these accounts are one person's, and are one account now";

struct Site {
    weixin: Emulator,
    data: TempDir,
}

impl Site {
    /// The service with one of the site's apps.
    fn start(&self, appid: &str) -> Program {
        Program::start(&write_config(&self.weixin, &self.data, |config| config.replace(DEFAULT_APPID, appid)))
    }

    /// A login: what the client calls the person, and what the service says of them.
    async fn log_in(&self, appid: &str) -> (String, Vec<String>) {
        let mut program = self.start(appid);
        let mut visitor = program.visitor();
        let attempt = attempt_of(&visitor.open("/login").await.body);
        visitor.open(&allowed_by(&self.weixin, &attempt)).await;
        let session = visitor.session().await;
        assert_eq!(session.status, 200);
        let person: serde_json::Value = serde_json::from_str(&session.body).unwrap();
        let news = program.stop().lines().filter(|line| line.contains(NEWS)).map(str::to_owned).collect();
        (person["sub"].as_str().unwrap().to_owned(), news)
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
async fn accounts_that_turn_out_to_be_one_person_are_merged_at_that_login() {
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
    let (first, _) = site.log_in(DEFAULT_APPID).await;
    let (second, _) = site.log_in(OTHER_APPID).await;
    assert_ne!(first, second, "nothing says that they are one");
    site.is_bound(true);
    // Of the second one alone WeChat tells it: nobody else has it.
    assert_eq!(site.log_in(OTHER_APPID).await, (second.clone(), vec![]));

    let (sub, news) = site.log_in(DEFAULT_APPID).await;
    let [news] = &*news else { panic!("not told once: {news:?}") };
    // Both were made within a second or not: whichever stays, the client has seen either, and the other one resolves to it.
    assert!(sub == first || sub == second, "{sub}");
    let shown = site.command(&["accounts", "show", &first]);
    assert_eq!(shown, site.command(&["accounts", "show", &second]));
    let account = shown.lines().next().and_then(|line| line.strip_prefix("account   ")).unwrap();
    assert!(news.contains(" INFO ") && news.contains(account), "{news}");
    let older = if sub == first { &second } else { &first };
    for line in
        [format!("sub       {sub} at "), format!("older sub {older} at "), " ago  merged by login  ".into()]
    {
        assert_eq!(shown.matches(&line).count(), 1, "{line} in {shown}");
    }
    assert_eq!(shown.matches("weixin    appid ").count(), 2, "{shown}");
    for appid in [DEFAULT_APPID, OTHER_APPID] {
        assert_eq!(site.log_in(appid).await, (sub.clone(), vec![]), "it is news once");
    }
    assert_eq!(site.command(&["accounts", "duplicates"]), "0 people with more than one account\n");
}
