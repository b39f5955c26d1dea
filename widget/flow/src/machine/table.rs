//! The table: in which stage an event leads to which one. What is asked for on the way is in docs/phases.md, which a test
//! makes of it.
//!
//! First what changes something, then every pair that does not, by name: a new stage, event or button does not compile
//! before somebody has said what it means in each of the others.

use super::Machine;
use super::stage::{Anew, Copied, Stage};
use crate::event::{CloseReason, Dismissal as D, Event as E};
use crate::screen::Button as B;
use crate::text::Text;
use Stage as S;

impl Machine {
    /// What becomes of `stage` when this happens. [`Machine::handle`] has noted already what is remembered in every stage, and
    /// lets nothing through that does not count.
    // A row a line, where it is short enough: that is what makes it a table. By reference: an event that is moved apart is
    // copied, and each of its parts dropped, in every row.
    #[rustfmt::skip]
    pub(super) fn next(&mut self, stage: Stage, event: &E) -> Stage {
        match (stage, event) {
            // The panel comes.
            (S::New, E::Appeared { visible, draft }) => self.appear(*visible, draft.clone()),
            (S::Unseen, E::Visible(true)) => self.begin(false),

            // An attempt comes, in two steps; beside the QR code it takes the place of the one before. WeChat's page may be loaded
            // meanwhile.
            (S::Starting { wished, ahead }, E::Challenged(outcome)) => self.challenged(wished, ahead, outcome),
            (S::Starting { wished, ahead }, E::Started(outcome)) => self.started(wished, ahead, outcome),
            (S::Starting { wished, ahead }, E::Permission(_)) => self.go_ahead(wished, ahead),
            (S::Starting { wished, ahead }, E::Frame { number, .. }) => Self::frame_spoke_ahead(wished, ahead, *number),
            (S::Qr(qr), E::Challenged(outcome)) => self.challenged_anew(qr, outcome),
            (S::Qr(qr), E::Started(outcome)) => self.renewed(qr, outcome),

            // The local WeChat is asked.
            (S::Probing(probing), E::Permission(_)) => self.ask_or_show_qr(probing),
            (S::Probing(probing), E::Probed { run, desktop, outcome }) => self.probed_first(probing, *run, *desktop, outcome),
            (S::Qr(qr), E::Permission(_)) => self.permitted(qr),
            (S::Qr(qr), E::Probed { run, desktop, outcome }) => self.probed_beside_qr(qr, *run, *desktop, outcome),
            (S::Qr(qr), E::Pressed(B::UseThisComputer)) => self.use_this_computer(qr),

            // It asks the person.
            (S::Card(card), E::Pressed(B::Continue)) => self.authorize(*card),
            (S::Qr(qr), E::Pressed(B::Continue)) => self.continue_from_qr(qr),
            (S::Confirming(confirming), E::Authorized { run, outcome }) => self.authorized(confirming, *run, outcome),
            (S::Confirming(confirming), E::Probed { run, outcome, .. }) => self.checked_again(confirming, *run, outcome),
            (S::Confirming(confirming), E::Pressed(B::Cancel)) => S::Card(confirming.leave(self).into()),

            // WeChat's page in its frame, and the callback page after it.
            (S::Card(card), E::Pressed(B::ScanInstead)) => self.scan_instead(*card, None),
            (S::Card(card), E::Pressed(B::OtherAccount)) => self.scan_instead(*card, Some(Text::NoteOtherAccount)),
            (S::Qr(qr), E::Frame { number, .. }) => Self::frame_spoke(qr, *number),
            (S::Qr(qr), E::FrameLost { number }) => self.frame_lost(qr, *number),
            (S::Qr(qr), E::Message(message)) => self.message(qr, message),
            (S::Qr(qr), E::Pressed(B::ReloadFrame)) => self.reload_frame(qr, false),
            (S::Qr(qr), E::Online(true)) => self.reload_frame(qr, true),
            (S::Qr(qr), E::Dressed(..)) => self.dress_frame(qr),

            // The site's own QR code.
            (S::Scene(scene), E::Scene { run, event }) => self.scene_event(scene, *run, *event),
            (S::Scene(scene), E::Visible(true) | E::Online(true) | E::Returned) => self.hear_anew(scene),

            // The service has the last word.
            (S::Finishing(finishing), E::Finished(outcome)) => self.finished(finishing, outcome),
            (S::Finishing(finishing), E::Redeemed(outcome)) => self.redeemed(finishing, outcome),
            (S::Finishing(finishing), E::Returned) => self.come_back(finishing),

            // The site asks for more: the service's page, in a frame.
            (S::Binding(binding), E::Message(message)) => self.told_of_binding(binding, message),

            // Ways that leave the page.
            (stage @ (S::InsideWeixin | S::Qr(_) | S::Failed(_)), E::Pressed(B::OpenPage)) => self.open_page(stage),
            (stage @ S::Phone(_), E::Pressed(B::CopyLink)) => self.copy(self.options.here.clone(), stage),
            (S::Scene(scene), E::Pressed(B::CopyLink)) => self.copy(scene.scene.scan_url.clone(), S::Scene(scene)),
            (S::Phone(_), E::Copied(good)) => S::Phone(Copied::answered(*good)),
            (S::Scene(scene), E::Copied(good)) => S::Scene(scene.copied(*good)),

            // Another one begins.
            (S::Phone(_), E::Pressed(B::ShowQr)) => self.begin(true),
            (S::Expired(Anew::ByItself), E::Visible(true)) => self.begin(false),
            (S::Expired(Anew::ByItself | Anew::ByPress) | S::Denied, E::Pressed(B::StartAgain)) => self.begin(true),
            (stage @ S::Expired(Anew::Reload), E::Pressed(B::StartAgain)) => self.reload(stage),
            (S::Failed(failed), E::Pressed(B::StartAgain)) => self.begin_after(failed, true),
            (S::Failed(failed), E::Online(true)) => self.try_again(failed),
            (S::Done { .. }, E::ShownAgain) => self.begin(false),

            // Time passes. Once the person has agreed, the service decides what is too late.
            (stage @ (S::Probing(_) | S::Card(_)), E::Woke) if self.now >= stage.expires_at() => self.renew_or_expire(stage),
            (S::Probing(probing), E::Woke) if self.now >= probing.until => self.waited_enough(*probing),
            (stage @ (S::Confirming(_) | S::Scene(_)), E::Woke) if self.now >= stage.expires_at() =>
                self.expire(stage, Anew::ByItself),
            (S::Qr(qr), E::Woke) if self.now >= qr.attempt.expires_at && qr.renews_at.is_none() =>
                self.expire(S::Qr(qr), Anew::ByPress),
            (S::Qr(qr), E::Woke) if self.now >= qr.attempt.expires_at => self.renew_or_expire(S::Qr(qr)),
            (S::Qr(qr), E::Woke) => self.pass_time(qr),
            (S::Binding(binding), E::Woke) if self.now >= binding.until => self.end_binding(&binding),
            (stage @ S::Done { goes_at }, E::Woke) if self.now >= goes_at => self.close(stage, CloseReason::Success),

            // The person closes the dialog. While WeChat asks, the service finishes, or something is entered, only its own button
            // does that, and what is finished goes on to its end.
            (stage @ (S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. } | S::Probing(_)
                | S::Card(_) | S::Qr(_) | S::Scene(_) | S::Expired(_) | S::Denied | S::Failed(_)),
                E::Dismissed(D::CloseButton | D::Escape | D::Backdrop)) => self.close(stage, CloseReason::Cancelled),
            (stage @ (S::Confirming(_) | S::Binding(_)), E::Dismissed(D::CloseButton)) => self.close(stage, CloseReason::Cancelled),
            (S::Finishing(finishing), E::Dismissed(D::CloseButton)) => self.let_go(finishing),
            (S::Finishing(finishing), E::Reopened) => self.take_back(finishing),
            (stage @ S::Done { .. }, E::Dismissed(D::CloseButton | D::Escape | D::Backdrop)) =>
                self.close(stage, CloseReason::Success),

            // Nothing else changes anything: it comes too late, or is somebody else's.
            (stage @ (S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. } | S::Probing(_)
                | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. }
                | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)), E::Appeared { .. }) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Scene(_) | S::Finishing(_)
                | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Woke) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Probing(_) | S::Card(_)
                | S::Confirming(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. } | S::Expired(_)
                | S::Denied | S::Failed(_) | S::Left(_)),
                E::Challenged(_)) => self.without_challenge(stage),
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Probing(_) | S::Card(_)
                | S::Confirming(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. } | S::Expired(_)
                | S::Denied | S::Failed(_) | S::Left(_)), E::Started(_)) => self.without_attempt(stage),
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Card(_)
                | S::Confirming(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. } | S::Expired(_)
                | S::Denied | S::Failed(_) | S::Left(_)), E::Permission(_)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. } | S::Card(_)
                | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_)
                | S::Left(_)), E::Probed { .. }) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. }
                | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)), E::Authorized { .. }) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Scene(_) | S::Finishing(_)
                | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Frame { .. }) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Scene(_) | S::Finishing(_)
                | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::FrameLost { .. } | E::Message(_) | E::Dressed(..)) => stage,
            (stage @ S::Binding(_), E::FrameLost { .. } | E::Dressed(..)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Finishing(_)
                | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Scene { .. }) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Binding(_) | S::Done { .. }
                | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Finished(_) | E::Redeemed(_) | E::Returned) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Confirming(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. }
                | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)), E::Pressed(B::Continue)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_)
                | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Pressed(B::ScanInstead | B::OtherAccount)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Scene(_) | S::Finishing(_)
                | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Pressed(B::UseThisComputer | B::ReloadFrame)) => stage,
            (stage @ S::Binding(_), E::Pressed(B::UseThisComputer | B::ReloadFrame | B::OpenPage) | E::Woke) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. }
                | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)), E::Pressed(B::Cancel)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_)
                | S::Binding(_) | S::Done { .. } | S::Left(_)), E::Pressed(B::StartAgain)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::Starting { .. } | S::Probing(_) | S::Card(_)
                | S::Confirming(_) | S::Scene(_) | S::Finishing(_) | S::Done { .. } | S::Expired(_)
                | S::Denied | S::Left(_)), E::Pressed(B::OpenPage)) => stage,
            (stage @ (S::New | S::Unseen | S::InsideWeixin | S::Starting { .. } | S::Probing(_) | S::Card(_)
                | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. }
                | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)), E::Pressed(B::ShowQr)) => stage,
            (stage @ (S::New | S::Unseen | S::InsideWeixin | S::Starting { .. } | S::Probing(_) | S::Card(_)
                | S::Confirming(_) | S::Qr(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied
                | S::Failed(_) | S::Left(_)), E::Pressed(B::CopyLink)) => stage,
            (stage @ (S::New | S::Unseen | S::InsideWeixin | S::Starting { .. } | S::Probing(_) | S::Card(_)
                | S::Confirming(_) | S::Qr(_) | S::Finishing(_) | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied
                | S::Failed(_) | S::Left(_)), E::Copied(_)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Binding(_) | S::Done { .. }
                | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)), E::Reopened) => stage,
            (stage @ (S::Confirming(_) | S::Finishing(_) | S::Binding(_)), E::Dismissed(D::Escape | D::Backdrop)) => stage,
            (stage @ (S::New | S::Left(_)), E::Dismissed(D::CloseButton | D::Escape | D::Backdrop)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_)
                | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Visible(true | false)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_)
                | S::Binding(_) | S::Done { .. } | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)),
                E::Online(true | false)) => stage,
            (stage @ (S::New | S::Unseen | S::Phone(_) | S::InsideWeixin | S::Starting { .. }
                | S::Probing(_) | S::Card(_) | S::Confirming(_) | S::Qr(_) | S::Scene(_) | S::Finishing(_)
                | S::Binding(_) | S::Expired(_) | S::Denied | S::Failed(_) | S::Left(_)), E::ShownAgain) => stage,
        }
    }
}
