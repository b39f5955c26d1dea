//! A scene: the site's own QR code, which a phone inside WeChat answers. What the service tells of it, and how it ends.

use alloc::boxed::Box;
use alloc::rc::Rc;
use protocol::service::{self, ErrorCode, SceneEvent};

use super::attempt::Attempt;
use super::stage::{Anew, Copied, Scene, Stage, Step};
use super::{Machine, NEVER};
use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::{Effect, Run};
use crate::screen::SceneCode;

/// What the person counts down by.
const SECOND: Millis = 1000;

impl Machine {
    /// Shows the code, and listens.
    pub(super) fn show_scene(&mut self, attempt: Rc<Attempt>, scene: service::Scene) -> Stage {
        let run = self.next_run();
        self.ask_for(Effect::HearScene { run, started: attempt.started.clone() });
        Stage::Scene(Box::new(Scene { attempt, scene, run, scanned: false, copied: Copied::NotYet }))
    }

    pub(super) fn scene_event(&mut self, mut scene: Box<Scene>, of: Run, event: SceneEvent) -> Stage {
        if scene.run != of {
            return Stage::Scene(scene);
        }
        match event {
            SceneEvent::Waiting => scene.scanned = false,
            SceneEvent::Scanned => scene.scanned = true,
            SceneEvent::Approved => {
                let attempt = scene.leave(self);
                return self.take_step(attempt, Step::FinishScene);
            }
            SceneEvent::Denied => {
                scene.leave(self);
                let code = Code::Service(ErrorCode::AccessDenied);
                return self.fail(LoginError::new(code, "refused"));
            }
            SceneEvent::Expired => return self.expire(Stage::Scene(scene), Anew::ByItself),
        }
        Stage::Scene(scene)
    }

    /// A connection that slept with the computer, or with its network, may be dead without a word: it is asked anew.
    pub(super) fn hear_anew(&mut self, mut scene: Box<Scene>) -> Stage {
        scene.run = self.next_run();
        self.ask_for(Effect::HangUp);
        self.ask_for(Effect::HearScene { run: scene.run, started: scene.attempt.started.clone() });
        Stage::Scene(scene)
    }

    /// When the countdown shows another second. Where nobody looks, nothing is counted.
    pub(super) fn scene_ticks_at(&self, scene: &Scene) -> Millis {
        let since = scene.attempt.since;
        if self.visible { since + (self.now.saturating_sub(since) / SECOND + 1) * SECOND } else { NEVER }
    }

    pub(super) fn scene_code<'a>(&self, scene: &'a Scene) -> SceneCode<'a> {
        let shown = &scene.scene;
        SceneCode {
            qr_path: &shown.qr_path,
            // A code is 177 modules at most; two digits hold 412 bytes.
            qr_size: shown.qr_size.clamp(0, 99) as u32,
            number: &shown.number,
            seconds_left: scene.attempt.expires_at.saturating_sub(self.now).div_ceil(SECOND) as u32,
            scanned: scene.scanned,
            copying: scene.copied.screen(&shown.scan_url),
        }
    }
}
