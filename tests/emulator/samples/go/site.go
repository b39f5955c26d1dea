// Package site has a WeChat login of its own.
package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Weixin says where WeChat is, and who the site is there.
type Weixin struct{ OpenURL, APIURL, AppID, Secret string }

func (w Weixin) ask(path string, query url.Values) (answer map[string]any, err error) {
	response, err := http.Get(w.APIURL + "/sns/" + path + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}

// Handler serves /login and /callback.
func (w Weixin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(out http.ResponseWriter, request *http.Request) {
		query := url.Values{"appid": {w.AppID}, "redirect_uri": {"http://" + request.Host + "/callback"}, "response_type": {"code"}, "scope": {"snsapi_login"}, "state": {"s"}}
		http.Redirect(out, request, w.OpenURL+"/connect/qrconnect?"+query.Encode(), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(out http.ResponseWriter, request *http.Request) {
		tokens, err := w.ask("oauth2/access_token", url.Values{"appid": {w.AppID}, "secret": {w.Secret}, "code": {request.FormValue("code")}, "grant_type": {"authorization_code"}})
		if err != nil || tokens["errcode"] != nil {
			http.Error(out, fmt.Sprintf("WeChat says %v", tokens["errcode"]), http.StatusBadGateway)
			return
		}
		person, err := w.ask("userinfo", url.Values{"access_token": {tokens["access_token"].(string)}, "openid": {tokens["openid"].(string)}})
		if err != nil {
			http.Error(out, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprint(out, person["nickname"])
	})
	return mux
}
