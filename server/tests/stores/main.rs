//! What every store must do: each test is written once and runs on every store and combination. Its name begins with the store's.

#[macro_use]
mod suite;

mod accounts;
mod attempts;
mod codes;
mod contacts;
mod deletions;
mod given;
mod grants;
mod identity;
mod imports;
mod keys;
mod logins;
mod logouts;
mod model;
mod only_postgres;
mod only_redis;
mod plans;
mod rows;
mod scenes;
mod sessions;
mod sweeps;
mod webhooks;

suite! {
    accounts:
        an_identity_has_one_account_for_good
        a_unionid_joins_apps
        of_64_first_logins_of_one_person_one_makes_the_account
        of_64_first_logins_in_two_apps_of_one_unionid_one_makes_the_account
        a_sub_is_the_same_for_all_clients_and_for_good
        of_64_first_sights_at_several_clients_all_hear_one_sub
        a_person_who_is_deleted_is_gone_with_everything
        a_hostile_name_is_kept_as_it_can_be;
    attempts:
        an_attempt_of_every_kind_comes_back_as_it_was_kept
        of_64_callbacks_one_takes_the_attempt
        an_attempt_is_good_until_its_second_and_no_longer
        an_attempt_says_how_it_ended_and_has_its_code
        a_state_is_kept_once
        of_64_attempts_at_once_those_of_one_state_take_no_other_with_them
        nothing_is_found_by_what_was_never_given;
    codes:
        a_code_comes_back_as_it_was_kept_until_it_is_used
        of_64_redemptions_one_takes_the_code
        a_code_is_good_until_its_second_and_no_longer
        a_code_gives_a_grant_once_and_its_reuse_revokes_it
        of_64_redemptions_at_once_one_is_granted_and_it_is_revoked
        a_code_of_a_session_that_has_ended_gives_nothing
        a_code_may_make_its_session;
    contacts:
        who_lacks_what_is_required_gets_no_account_and_no_session
        a_contact_is_one_accounts_until_another_one_takes_it
        a_contact_goes_where_its_account_goes
        who_joins_an_account_proves_its_contact_without_taking_it
        of_64_who_prove_one_number_one_has_it
        a_person_gets_another_contact_in_the_place_of_one_or_beside_it
        a_person_removes_a_contact_and_who_requires_one_asks_again
        of_64_who_give_their_account_one_number_one_has_it
        the_end_of_a_login_on_terms_is_one
        a_login_that_waits_is_changed_by_who_has_seen_it
        of_64_that_change_a_login_one_does;
    deletions:
        an_account_is_forgotten_when_its_time_has_come
        a_login_brings_an_account_back
        a_computer_that_a_phone_lets_in_brings_an_account_back
        of_64_that_take_identities_from_an_account_the_last_one_stays;
    grants:
        a_grant_needs_its_session
        a_grant_that_was_revoked_before_it_was_made_stays_revoked
        a_refresh_token_goes_on_as_its_successor
        of_64_presentations_of_a_refresh_token_all_get_one_successor
        a_refresh_token_that_comes_again_late_ends_its_grant
        a_refresh_token_that_has_no_row_any_more_ends_the_grant_of_its_tag
        a_refresh_token_is_no_other_clients_and_dies_in_its_second
        grants_of_those_who_are_away_are_found_and_ended;
    identity:
        a_unionid_that_turns_up_later_merges_into_the_account_that_was_made_first
        an_account_that_was_merged_twice_has_all_its_older_names
        a_unionid_that_changes_is_kept_and_merges_nobody
        a_login_may_join_an_account_that_the_person_has_proven
        what_was_begun_for_an_account_that_was_merged_goes_on_for_the_other
        of_64_logins_of_a_new_unionid_by_two_openids_one_account_is_left
        of_two_that_are_merged_every_client_keeps_its_sub;
    imports:
        who_comes_has_one_account_and_is_known_when_they_come_again;
    keys:
        keys_come_back_in_the_order_of_their_time
        of_64_nodes_that_find_no_key_one_adds_it
        a_key_is_withdrawn_with_one_in_its_place
        a_key_goes_when_its_successor_has_signed_for_long;
    logins:
        a_login_makes_account_sub_and_session
        of_64_first_logins_of_one_identity_all_have_one_account_and_one_sub
        of_64_callbacks_of_one_browser_one_makes_the_session
        the_same_person_goes_on_in_the_same_session
        somebody_else_ends_the_session_before
        a_login_of_an_account_that_is_gone_keeps_nothing
        who_was_not_expected_gets_no_code
        the_end_of_a_login_is_one;
    logouts:
        of_64_that_end_a_session_one_hears_whom_to_tell
        grants_end_with_their_session_but_for_those_of_who_is_away
        of_64_nodes_each_client_is_told_by_one
        a_logout_is_tried_again_and_forgotten;
    model:
        whatever_happens_one_person_has_one_account_and_no_sub_changes_hands;
    scenes:
        a_scene_is_kept_with_its_attempt_or_neither_is
        of_64_numbers_three_are_tried
        of_64_right_numbers_one_lets_the_computer_in
        of_64_people_the_first_has_the_scene
        a_scene_is_over_in_its_second;
    sessions:
        a_session_comes_back_as_it_was_kept
        a_session_dies_of_idleness_and_of_age_in_their_seconds
        sessions_are_listed_the_newest_first;
    sweeps:
        what_has_expired_goes_piece_by_piece_and_nothing_else;
    webhooks:
        the_end_of_a_session_is_kept_for_its_clients_that_listen
        a_client_hears_of_an_account_in_order
        of_64_nodes_one_has_each_event_and_none_of_its_account_beside_it
        what_becomes_of_people_is_kept_for_the_clients_that_have_seen_them
        a_contact_that_was_proven_is_told_of_once
        what_two_accounts_have_to_tell_is_due_when_the_first_of_it_is;
}

suite_of_swept_stores! {
    sweeps:
        tombstones_stay_for_an_hour;
    contacts:
        a_login_that_waits_is_cleared_away_when_it_is_over;
}
