//! A person's hand: the driver's own pointer and keys.
//!
//! What a script presses is pressed even where no pointer reaches. Here a button is scrolled to as a wheel would, must be seen and
//! enabled, and must be what lies under the pointer; what covers it is named.

use std::time::{Duration, Instant};

use serde_json::Value;
use thirtyfour::{Key, WebElement};

use crate::browser::{Browser, PATIENCE};

/// Whatever lies over a button for longer than this is no animation that passes by.
const COVER_PASSES: Duration = Duration::from_secs(2);

/// Between two looks at what is to be pressed.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// So many presses of Tab lead through every page here.
const TABS: usize = 60;

/// `hand`, for scripts of the page: finds what a pointer reaches, through shadow roots.
pub const HAND: &str = "
    const above = (node) => node.assignedSlot ?? node.parentElement ?? node.parentNode?.host ?? null;
    const hand = {
        /** What a person would call it. */
        name(node) {
            if (!node) return 'nothing';
            const id = node.id ? '#' + node.id : '';
            const classes = [...(node.classList ?? [])].map((name) => '.' + name).join('');
            const text = (node.innerText ?? '').replace(/\\s+/g, ' ').trim().slice(0, 20);
            return node.localName + id + classes + (node.dataset?.press ? `[${node.dataset.press}]` : '') + (text && ` \"${text}\"`);
        },
        /** Scrolls to it as a wheel would: never what the page has said does not scroll. */
        reach(element) {
            for (let box = element; (box = above(box)); ) {
                const style = getComputedStyle(box);
                const page = box === document.documentElement;
                // A box that takes part in the page's own scrolling, as html and body do, is the page.
                if (box === document.body && !page) continue;
                const scrolls = (overflow) => (page ? overflow !== 'hidden' && overflow !== 'clip' : /auto|scroll/.test(overflow));
                const from = box.getBoundingClientRect();
                const inside = page
                    ? { left: 0, top: 0, width: document.documentElement.clientWidth, height: innerHeight }
                    : { left: from.left + box.clientLeft, top: from.top + box.clientTop, width: box.clientWidth, height: box.clientHeight };
                const at = element.getBoundingClientRect();
                const by = (start, size, inner, outer) => {
                    // Seen as a whole it stays where it is.
                    if (start >= inner && start + size <= inner + outer) return 0;
                    return start + size / 2 - (inner + outer / 2);
                };
                const scroller = page ? document.scrollingElement : box;
                const down = scrolls(style.overflowY) ? by(at.top, at.height, inside.top, inside.height) : 0;
                const aside = scrolls(style.overflowX) ? by(at.left, at.width, inside.left, inside.width) : 0;
                scroller.scrollBy({ left: aside, top: down, behavior: 'instant' });
                // What is fixed, a dialog among it, stays where it is however the page behind it is scrolled.
                if (style.position === 'fixed') break;
            }
        },
        /** The element under a point, in whatever shadow tree it is. */
        under(x, y) {
            let found = document.elementFromPoint(x, y);
            for (let inner; (inner = found?.shadowRoot?.elementFromPoint(x, y)) && inner !== found; ) found = inner;
            return found;
        },
        /** What lies over `element` at this point; nothing when a press there is a press on it. */
        cover(element, x, y) {
            const found = hand.under(x, y);
            for (let node = found; node; node = above(node)) if (node === element) return undefined;
            return hand.name(found);
        },
        /** Its middle, and the middles of its four edges. */
        points(element) {
            const { left, top, right, bottom } = element.getBoundingClientRect();
            const [x, y] = [(left + right) / 2, (top + bottom) / 2];
            return [[x, y], [left + 2, y], [right - 2, y], [x, top + 2], [x, bottom - 2]];
        },
        /** What is wrong with it for a person who wants to press it. */
        fault(element) {
            if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return 'not seen';
            if (element.matches(':disabled, [inert], [inert] *')) return 'not enabled';
            const { width, height } = element.getBoundingClientRect();
            return width && height ? undefined : 'without a size';
        },
    };";

/// Makes the page take the next two presses for a double one. A driver waits for a busy page between the two, for a second and more
/// on a slow machine, and then they are two presses to every browser: the second one, which a pointer has brought to where it falls,
/// is told as what it was meant to be.
const QUICK_HAND: &str = "
    for (const type of ['mousedown', 'mouseup', 'click']) {
        let presses = 0;
        const heard = (event) => {
            if (!event.isTrusted || ++presses < 2) return;
            removeEventListener(type, heard, true);
            if (event.detail > 1) return;
            event.stopImmediatePropagation();
            const { bubbles, composed, cancelable, button, buttons, clientX, clientY } = event;
            const told = new MouseEvent(type, { bubbles, composed, cancelable, button, buttons, clientX, clientY, detail: 2 });
            if (!event.composedPath()[0].dispatchEvent(told)) event.preventDefault();
        };
        addEventListener(type, heard, true);
    }";

/// Where the focus is, in whatever shadow tree.
pub const FOCUSED: &str = "
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;";

impl Browser {
    /// Presses what `script` returns, by the pointer, once a person could: `script` is looked at again until then.
    pub async fn press_on(&self, what: &str, script: &str) {
        let element = self.reach(what, script).await;
        self.pointer().move_to_element_center(&element).click().perform().await.expect("a press");
    }

    /// The same, twice at once: what a person does who double-clicks everything. However slow the driver is.
    pub async fn press_twice_on(&self, what: &str, script: &str) {
        let element = self.reach(what, script).await;
        self.script(QUICK_HAND).await;
        let twice = self.pointer().move_to_element_center(&element).click().click();
        twice.perform().await.expect("two presses");
    }

    /// Presses at a point of the window.
    pub async fn press_at(&self, x: i64, y: i64) {
        self.pointer().move_to(x, y).click().perform().await.expect("a press");
    }

    /// Presses down at one point and lets go at another.
    pub async fn drag(&self, from: (i64, i64), to: (i64, i64)) {
        self.pointer()
            .move_to(from.0, from.1)
            .click_and_hold()
            .move_to(to.0, to.1)
            .release()
            .perform()
            .await
            .expect("a press that is let go elsewhere");
    }

    /// Scrolls to what `script` returns, and gives it once a press on its middle is a press on it.
    async fn reach(&self, what: &str, script: &str) -> WebElement {
        let look = format!(
            "{HAND}
             const element = (() => {{ {script} }})();
             if (!element) return 'not there';
             const fault = hand.fault(element);
             if (fault) return fault;
             hand.reach(element);
             const [[x, y]] = hand.points(element);
             const cover = hand.cover(element, x, y);
             return cover ? {{ cover }} : element;"
        );
        let deadline = Instant::now() + PATIENCE;
        let mut covered: Option<Instant> = None;
        let mut looks = tokio::time::interval(LOOK_AGAIN);
        loop {
            looks.tick().await;
            // A page on its way to another one cannot be asked; it is simply asked again.
            let seen = self.driver().execute(&look, Vec::new()).await;
            let found = seen.as_ref().map(|seen| seen.json().clone()).unwrap_or_default();
            let last = format!("{seen:?}");
            if let Some(element) = seen.ok().and_then(|seen| seen.element().ok()) {
                return element;
            }
            if let Some(cover) = found["cover"].as_str() {
                if covered.get_or_insert_with(Instant::now).elapsed() > COVER_PASSES {
                    self.give_up(
                        &format!("{what}: a pointer does not reach it"),
                        &format!("{cover} lies over it"),
                    )
                    .await;
                }
            } else {
                covered = None;
            }
            if Instant::now() > deadline {
                self.give_up(what, &last).await;
            }
        }
    }

    /// Presses a key, wherever the focus is.
    pub async fn key(&self, key: Key) {
        self.pointer().send_keys(key).perform().await.expect("a key");
    }

    /// Writes, wherever the focus is.
    pub async fn write(&self, text: &str) {
        self.pointer().send_keys(text).perform().await.expect("keys");
    }

    /// Goes by Tab to what `script` returns.
    pub async fn tab_to(&self, what: &str, script: &str) {
        let there = format!(
            "{FOCUSED} const wanted = (() => {{ {script} }})(); return !!wanted && focused === wanted"
        );
        self.until(what, &format!("return !!(() => {{ {script} }})()")).await;
        for _ in 0..TABS {
            if self.script(&there).await == true {
                return;
            }
            self.key(Key::Tab).await;
        }
        let name = format!("{HAND} {FOCUSED} return hand.name(focused)");
        let focused = self.script(&name).await;
        self.give_up(&format!("{what}, by Tab"), &focused.to_string()).await;
    }

    /// The name of what has the focus, for comparing: `div.panel`.
    pub async fn focused(&self) -> String {
        let name = format!(
            "{FOCUSED} return focused && focused.localName + [...focused.classList].map((name) => '.' + name).join('') \
             + (focused.dataset.press ? `[${{focused.dataset.press}}]` : '')"
        );
        self.script(&name).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the focus is on what `script` returns.
    pub async fn until_focused(&self, what: &str, script: &str) {
        let there = format!(
            "{FOCUSED} const wanted = (() => {{ {script} }})(); return !!wanted && focused === wanted"
        );
        self.until(&format!("the focus on {what}"), &there).await;
    }

    fn pointer(&self) -> thirtyfour::action_chain::ActionChain {
        // The driver's own pauses between two steps are its makers' care for slow pages: here each step is at once.
        self.driver().action_chain_with_delay(Some(Duration::ZERO), Some(Duration::ZERO))
    }
}

/// A value as a script's own text.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
