//! From WeChat's identity to our account: the person is known again, by appid and openid, else by the unionid.

use crate::exchange::WeixinIdentity;
use crate::shared::Shared;
use crate::store::{AccountRow, Found, IdentityRow, StoreError};

/// Finds the person's account, or makes it.
pub async fn of_identity(app: &Shared, identity: WeixinIdentity) -> Result<AccountRow, StoreError> {
    let row = IdentityRow {
        appid: identity.appid(),
        openid: identity.openid(),
        unionid: identity.unionid(),
        nickname: identity.nickname(),
        picture: identity.picture(),
    };
    let Found { account, same_unionid } = app.lasting.account_of_identity(row, app.clock.now()).await?;
    if !same_unionid.is_empty() {
        tracing::warn!(
            account = account.id,
            same = same_unionid.join(", "),
            "WeChat says that these accounts are one person; `weixin-login accounts duplicates` lists them, `accounts merge` joins two"
        );
    }
    Ok(account)
}
