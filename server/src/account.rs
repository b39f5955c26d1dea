//! From WeChat's identity to our account: the person is known again, by appid and openid, else by the unionid.

use crate::exchange::WeixinIdentity;
use crate::shared::Shared;
use crate::store::{AccountRow, IdentityRow, StoreError};

/// Finds the person's account, or makes it.
pub async fn of_identity(app: &Shared, identity: WeixinIdentity) -> Result<AccountRow, StoreError> {
    let row = IdentityRow {
        appid: identity.appid(),
        openid: identity.openid(),
        unionid: identity.unionid(),
        nickname: identity.nickname(),
        picture: identity.picture(),
    };
    app.lasting.account_of_identity(row, app.clock.now()).await
}
