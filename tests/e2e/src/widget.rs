//! What a person sees of the login element, and presses on it; wherever in the page it is.

use serde_json::Value;

use crate::browser::Browser;

/// Finds the element's shadow tree, the open dialog's first.
const PANEL: &str = "
    const element = [...document.querySelectorAll('weixin-login')].find(e => e.shadowRoot?.querySelector('iframe, [data-press]')) \
                    ?? document.querySelector('weixin-login');
    const root = element?.shadowRoot;";

/// The panel's frame.
pub(crate) const FRAME: &str = "return [...document.querySelectorAll('weixin-login')] \
    .map(element => element.shadowRoot?.querySelector('iframe')).find(Boolean)";

/// Finds the button of `display="button"`.
pub const TRIGGER: &str =
    "return document.querySelector('weixin-login')?.shadowRoot?.querySelector('.trigger')";

/// Finds the panel itself.
pub const PANEL_ITSELF: &str = "return [...document.querySelectorAll('weixin-login')] \
    .map(element => element.shadowRoot?.querySelector('.panel')).find(Boolean)";

/// Finds a button of the panel that is shown, by its `data-press`.
pub fn shown(button: &str) -> String {
    format!(
        "{PANEL}
         const buttons = [...(root?.querySelectorAll('[data-press=\"{button}\"]') ?? [])];
         return buttons.find(button => button.checkVisibility());"
    )
}

/// Notes every event of the element, across pages of one origin; a script for [`Browser::on_every_page`].
pub const NOTE_EVENTS: &str = "
    if (!window.noted) for (const name of ['phase', 'success', 'error', 'close']) addEventListener('weixin-login-' + name, event => {
        // Some pages have no storage, and note for themselves.
        try {
            const seen = JSON.parse(sessionStorage.getItem('seen') ?? '[]');
            const { cause, ...detail } = event.detail;
            seen.push({ name, ...detail, cause: cause && String(cause) });
            sessionStorage.setItem('seen', JSON.stringify(seen));
        } catch {}
    }, true);
    window.noted = true;";

impl Browser {
    /// Waits until the element is in this phase.
    pub async fn until_phase(&self, phase: &str) {
        let script = format!(
            "{PANEL}
             const seen = JSON.parse(sessionStorage.getItem('seen') ?? '[]').filter(event => event.name === 'phase');
             const wanted = {};
             return seen.at(-1)?.phase === wanted || root?.querySelector('.panel')?.dataset.phase === wanted",
            Value::from(phase)
        );
        self.until(&format!("phase {phase}"), &script).await;
    }

    /// Every event of the element so far: `{name, …detail}`.
    pub async fn events(&self) -> Vec<Value> {
        let seen = self.script("return JSON.parse(sessionStorage.getItem('seen') ?? '[]')").await;
        seen.as_array().cloned().unwrap_or_default()
    }

    /// Forgets every event so far. A page that nobody has opened yet has none.
    pub async fn forget(&self) {
        self.script("try { sessionStorage.clear() } catch {}").await;
    }

    /// The events of this name so far.
    pub async fn told(&self, name: &str) -> Vec<Value> {
        self.events().await.into_iter().filter(|event| event["name"] == name).collect()
    }

    /// Waits until the element has told an event of this name, and gives the last one.
    pub async fn until_told(&self, name: &str) -> Value {
        let script = format!(
            "return JSON.parse(sessionStorage.getItem('seen') ?? '[]').findLast((event) => event.name === {})",
            Value::from(name)
        );
        self.until(&format!("the event weixin-login-{name}"), &script).await
    }

    /// The phases so far, in order.
    pub async fn phases(&self) -> Vec<String> {
        let events = self.events().await;
        events.iter().filter_map(|event| event["phase"].as_str().map(str::to_owned)).collect()
    }

    /// Presses a button of the panel (its `data-press`), when it is there and shown.
    pub async fn press(&self, button: &str) {
        self.press_on(&format!("a button {button}"), &shown(button)).await;
    }

    /// Presses the button of `display="button"`.
    pub async fn press_trigger(&self) {
        self.press_on("the button that opens the dialog", TRIGGER).await;
    }

    /// What the panel says: the text that is shown.
    pub async fn panel_text(&self) -> String {
        let shown = format!(
            "{PANEL} return root ? [...root.children].map(child => child.innerText).join('\\n') : ''"
        );
        self.script(&shown).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the panel says this.
    pub async fn until_panel_says(&self, text: &str) {
        let script = format!(
            "{PANEL} return !!root && [...root.children].some(child => child.innerText?.includes({}))",
            Value::from(text)
        );
        self.until(&format!("the words {text}"), &script).await;
    }

    /// The addresses of the frames that the panel has.
    pub async fn frames(&self) -> Vec<String> {
        let script =
            format!("{PANEL} return [...(root?.querySelectorAll('iframe') ?? [])].map(frame => frame.src)");
        let frames = self.script(&script).await;
        frames.as_array().into_iter().flatten().filter_map(|src| src.as_str().map(str::to_owned)).collect()
    }
}
