//! The table: in which stage an event leads to which one. What is asked for on the way is in docs/phases.md, which a test
//! makes from this file.
//!
//! Every pair is named, and the last row of each part has those that change nothing: a new stage, event or button does not
//! compile before somebody has said what it means in each of the others.

use super::Machine;
use super::stage::{Anew, Copied, Desktop, Stage};
use crate::event::{CloseReason, Dismissal as D, Effect, Event as E};
use crate::screen::Button as B;
use crate::text::Text;
use Stage as S;

impl Machine {
    /// What becomes of `stage` when this happens. [`Machine::handle`] has noted already what the machine remembers of it.
    pub(super) fn next(&mut self, stage: Stage, event: E) -> Stage {
        match (stage, event) {
            // The panel comes.
            (S::New, E::Appeared { visible }) => self.appear(visible),
            (
                stage @ (S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Qr(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Appeared { .. },
            ) => stage,

            // Time passes. Once the person has agreed the service decides what is too late.
            (stage @ (S::Probing(_) | S::Card(_)), E::Woke) if self.now >= stage.expires_at() => {
                self.renew_or_expire(stage)
            }
            (S::Probing(probing), E::Woke) if self.now >= probing.until => self.waited_enough(probing),
            (stage @ (S::Confirming(_) | S::Scene(_)), E::Woke) if self.now >= stage.expires_at() => {
                self.expire(stage, Anew::ByItself)
            }
            (S::Qr(qr), E::Woke) if self.now >= qr.attempt.expires_at => match qr.renews_at {
                Some(_) => self.renew_or_expire(S::Qr(qr)),
                None => self.expire(S::Qr(qr), Anew::ByPress),
            },
            (S::Qr(qr), E::Woke) => self.pass_time(qr),
            (stage @ S::Done { goes_at }, E::Woke) if self.now >= goes_at => {
                self.close(stage, CloseReason::Success)
            }
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Woke,
            ) => stage,

            // An attempt comes, in two steps.
            (S::Starting { wished }, E::Challenged(outcome)) => self.challenged(wished, outcome),
            (S::Qr(qr), E::Challenged(outcome)) => self.challenged_anew(qr, outcome),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Challenged(_),
            ) => {
                self.drop_challenge();
                stage
            }
            (S::Starting { wished }, E::Started(outcome)) => self.started(wished, outcome),
            (S::Qr(qr), E::Started(outcome)) => self.renewed(qr, outcome),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Started(_),
            ) => {
                self.drop_attempt();
                stage
            }

            // The local WeChat.
            (S::Probing(probing), E::Permission(_)) => self.ask_or_show_qr(probing),
            (S::Qr(qr), E::Permission(_)) => self.permitted(qr),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Card(_)
                | S::Confirming(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Permission(_),
            ) => stage,
            (S::Probing(probing), E::Probed { run, desktop, outcome }) => {
                self.probed_first(probing, run, desktop, outcome)
            }
            (S::Qr(qr), E::Probed { run, desktop, outcome }) => {
                self.probed_beside_qr(qr, run, desktop, outcome)
            }
            (S::Confirming(confirming), E::Probed { run, outcome, .. }) => {
                self.checked_again(confirming, run, outcome)
            }
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Card(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Probed { .. },
            ) => stage,
            (S::Confirming(confirming), E::Authorized { run, outcome }) => {
                self.authorized(confirming, run, outcome)
            }
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Qr(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Authorized { .. },
            ) => stage,

            // WeChat's page in its frame, and the callback page after it.
            (S::Qr(qr), E::Frame { number, .. }) => Self::frame_spoke(qr, number),
            (S::Qr(qr), E::FrameLost { number }) => self.frame_lost(qr, number),
            (S::Qr(qr), E::Message(message)) => self.message(qr, message),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Frame { .. } | E::FrameLost { .. } | E::Message(_),
            ) => stage,

            // The service.
            (S::Scene(scene), E::Scene { run, event }) => self.scene_event(scene, run, event),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Qr(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Scene { .. },
            ) => stage,
            (S::Finishing(finishing), E::Finished(outcome)) => self.finished(finishing, outcome),
            (S::Finishing(finishing), E::Redeemed(outcome)) => self.redeemed(finishing, outcome),
            (S::Finishing(finishing), E::Returned) => self.come_back(finishing),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Qr(_)
                | S::Scene(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Finished(_) | E::Redeemed(_) | E::Returned,
            ) => stage,

            // What the person presses. A press on what is gone comes too late.
            (S::Card(card), E::Pressed(B::Continue)) => self.authorize(*card),
            (S::Qr(qr), E::Pressed(B::Continue)) => self.continue_from_qr(qr),
            (S::Card(card), E::Pressed(B::ScanInstead)) => {
                self.show_qr(card.attempt, Desktop::Ready(card.found), None)
            }
            (S::Card(card), E::Pressed(B::OtherAccount)) => {
                self.show_qr(card.attempt, Desktop::Ready(card.found), Some(Text::NoteOtherAccount))
            }
            (S::Qr(qr), E::Pressed(B::UseThisComputer)) => self.use_this_computer(qr),
            (S::Qr(qr), E::Pressed(B::ReloadFrame)) => self.reload_frame(qr, false),
            (S::Confirming(confirming), E::Pressed(B::Cancel)) => S::Card(confirming.leave(self).into()),
            (S::Phone(_), E::Pressed(B::ShowQr)) => self.begin(true),
            (stage @ S::Phone(_), E::Pressed(B::CopyLink)) => {
                self.ask_for(Effect::Copy(self.options.here.clone()));
                stage
            }
            (S::Scene(scene), E::Pressed(B::CopyLink)) => {
                self.ask_for(Effect::Copy(scene.scene.scan_url.clone()));
                S::Scene(scene)
            }
            (stage @ (S::InsideWeixin | S::Qr(_) | S::Failed(_)), E::Pressed(B::OpenPage)) => {
                self.open_page();
                stage
            }
            (stage @ S::Expired(Anew::Reload), E::Pressed(B::StartAgain)) => {
                self.ask_for(Effect::Reload);
                stage
            }
            (S::Expired(Anew::ByItself | Anew::ByPress) | S::Denied, E::Pressed(B::StartAgain)) => {
                self.begin(true)
            }
            (S::Failed(failed), E::Pressed(B::StartAgain)) => self.begin_after(failed, true),
            (
                stage @ S::Phone(_),
                E::Pressed(
                    B::Continue
                    | B::ScanInstead
                    | B::OtherAccount
                    | B::UseThisComputer
                    | B::Cancel
                    | B::StartAgain
                    | B::OpenPage
                    | B::ReloadFrame,
                ),
            )
            | (
                stage @ S::InsideWeixin,
                E::Pressed(
                    B::Continue
                    | B::ScanInstead
                    | B::OtherAccount
                    | B::UseThisComputer
                    | B::Cancel
                    | B::StartAgain
                    | B::ShowQr
                    | B::CopyLink
                    | B::ReloadFrame,
                ),
            )
            | (
                stage @ S::Card(_),
                E::Pressed(
                    B::UseThisComputer
                    | B::Cancel
                    | B::StartAgain
                    | B::OpenPage
                    | B::ShowQr
                    | B::CopyLink
                    | B::ReloadFrame,
                ),
            )
            | (
                stage @ S::Confirming(_),
                E::Pressed(
                    B::Continue
                    | B::ScanInstead
                    | B::OtherAccount
                    | B::UseThisComputer
                    | B::StartAgain
                    | B::OpenPage
                    | B::ShowQr
                    | B::CopyLink
                    | B::ReloadFrame,
                ),
            )
            | (
                stage @ S::Qr(_),
                E::Pressed(
                    B::ScanInstead | B::OtherAccount | B::Cancel | B::StartAgain | B::ShowQr | B::CopyLink,
                ),
            )
            | (
                stage @ S::Scene(_),
                E::Pressed(
                    B::Continue
                    | B::ScanInstead
                    | B::OtherAccount
                    | B::UseThisComputer
                    | B::Cancel
                    | B::StartAgain
                    | B::OpenPage
                    | B::ShowQr
                    | B::ReloadFrame,
                ),
            )
            | (
                stage @ (S::Expired(_) | S::Denied),
                E::Pressed(
                    B::Continue
                    | B::ScanInstead
                    | B::OtherAccount
                    | B::UseThisComputer
                    | B::Cancel
                    | B::OpenPage
                    | B::ShowQr
                    | B::CopyLink
                    | B::ReloadFrame,
                ),
            )
            | (
                stage @ S::Failed(_),
                E::Pressed(
                    B::Continue
                    | B::ScanInstead
                    | B::OtherAccount
                    | B::UseThisComputer
                    | B::Cancel
                    | B::ShowQr
                    | B::CopyLink
                    | B::ReloadFrame,
                ),
            )
            | (
                stage @ (S::New
                | S::Unseen
                | S::Starting { .. }
                | S::Probing(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Left(_)),
                E::Pressed(
                    B::Continue
                    | B::ScanInstead
                    | B::OtherAccount
                    | B::UseThisComputer
                    | B::Cancel
                    | B::StartAgain
                    | B::OpenPage
                    | B::ShowQr
                    | B::CopyLink
                    | B::ReloadFrame,
                ),
            ) => stage,

            (S::Phone(_), E::Copied(good)) => S::Phone(Copied::answered(good)),
            (S::Scene(mut scene), E::Copied(good)) => {
                scene.copied = Copied::answered(good);
                S::Scene(scene)
            }
            (
                stage @ (S::New
                | S::Unseen
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Qr(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Copied(_),
            ) => stage,

            // The person closes the dialog; where there is none, this does not come here. While WeChat asks and while the
            // service finishes, nothing but its own button does that, and what is finished goes on to its end.
            (
                stage @ (S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Qr(_)
                | S::Scene(_)
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)),
                E::Dismissed(D::CloseButton | D::Escape | D::Backdrop),
            )
            | (stage @ S::Confirming(_), E::Dismissed(D::CloseButton)) => {
                self.close(stage, CloseReason::Cancelled)
            }
            (S::Finishing(finishing), E::Dismissed(D::CloseButton)) => self.let_go(finishing),
            (stage @ S::Done { .. }, E::Dismissed(D::CloseButton | D::Escape | D::Backdrop)) => {
                self.close(stage, CloseReason::Success)
            }
            (stage @ (S::Confirming(_) | S::Finishing(_)), E::Dismissed(D::Escape | D::Backdrop))
            | (stage @ (S::New | S::Left(_)), E::Dismissed(D::CloseButton | D::Escape | D::Backdrop)) => {
                stage
            }

            // The page and the browser around it.
            (S::Qr(qr), E::Dressed(..)) => self.dress_frame(qr),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Dressed(..),
            ) => stage,
            (S::Unseen | S::Expired(Anew::ByItself), E::Visible(true)) => self.begin(false),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Qr(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Visible(true | false),
            ) => stage,
            (S::Qr(qr), E::Online(true)) => self.reload_frame(qr, true),
            (S::Failed(failed), E::Online(true)) => self.try_again(failed),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Qr(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Done { .. }
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::Online(true | false),
            ) => stage,
            (S::Done { .. }, E::ShownAgain) => self.begin(false),
            (
                stage @ (S::New
                | S::Unseen
                | S::Phone(_)
                | S::InsideWeixin
                | S::Starting { .. }
                | S::Probing(_)
                | S::Card(_)
                | S::Confirming(_)
                | S::Qr(_)
                | S::Scene(_)
                | S::Finishing(_)
                | S::Expired(_)
                | S::Denied
                | S::Failed(_)
                | S::Left(_)),
                E::ShownAgain,
            ) => stage,
        }
    }
}
