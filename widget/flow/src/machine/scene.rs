//! A scene: the site's own QR code, which a phone inside WeChat answers. What the service tells of it, and how it ends.

use protocol::service::{ErrorCode, Scene, SceneEvent};

use super::{Machine, NEVER, Stage, seconds};
use crate::clock::Millis;
use crate::error::{Code, LoginError};
use crate::event::{Effect, Run};
use crate::screen::{Body, SceneCode};

/// What the person counts down by.
const SECOND: Millis = 1000;

impl Machine {
    /// Shows the code, and listens.
    pub(super) fn show_scene(&mut self) {
        let run = self.next_run();
        let Some(attempt) = &self.attempt else { return };
        self.stage = Stage::Scene { run, scanned: false, copied: false };
        self.ask_for(Effect::HearScene { run, started: attempt.started.clone() });
    }

    pub(super) fn scene_event(&mut self, of: Run, event: SceneEvent) {
        let Some(attempt) = &self.attempt else { return };
        let Stage::Scene { run, scanned, .. } = &mut self.stage else { return };
        if *run != of {
            return;
        }
        match event {
            SceneEvent::Waiting => *scanned = false,
            SceneEvent::Scanned => *scanned = true,
            SceneEvent::Approved => {
                self.ask_for(Effect::FinishScene(attempt.started.clone()));
                self.stage = Stage::Finishing;
            }
            SceneEvent::Denied => {
                let refused = LoginError::new(Code::Service(ErrorCode::AccessDenied), "the person refused");
                self.fail(refused);
            }
            SceneEvent::Expired => self.scene_is_over(),
        }
    }

    pub(super) fn scene_is_over(&mut self) {
        self.hang_up();
        self.stage = Stage::Expired;
    }

    pub(super) fn copy_scan_url(&mut self) {
        let scan_url = self.scene().map(|scene| scene.scan_url.clone());
        if let (Stage::Scene { copied, .. }, Some(scan_url)) = (&mut self.stage, scan_url) {
            *copied = true;
            self.ask_for(Effect::Copy(scan_url));
        }
    }

    /// When the countdown shows another second. Where nobody looks, nothing is counted.
    pub(super) fn scene_ticks_at(&self) -> Millis {
        let attempt = self.attempt.as_ref().filter(|_| self.visible);
        attempt
            .map_or(NEVER, |attempt| attempt.at + (self.now.saturating_sub(attempt.at) / SECOND + 1) * SECOND)
    }

    pub(super) fn scene_body(&self) -> Body<'_> {
        self.scene_code().map_or(Body::Waiting, Body::Scene)
    }

    fn scene(&self) -> Option<&Scene> {
        self.attempt.as_ref()?.started.scene.as_ref()
    }

    fn scene_code(&self) -> Option<SceneCode<'_>> {
        let Stage::Scene { scanned, copied, .. } = self.stage else { return None };
        let (attempt, scene) = self.attempt.as_ref().zip(self.scene())?;
        let expires_at = attempt.at + seconds(attempt.started.expires_in);
        Some(SceneCode {
            qr_path: &scene.qr_path,
            // A code is 177 modules at most; two digits hold 412 bytes.
            qr_size: scene.qr_size.clamp(0, 99) as u32,
            number: &scene.number,
            seconds_left: (expires_at.saturating_sub(self.now)).div_ceil(SECOND) as u32,
            scanned,
            copied,
        })
    }
}
