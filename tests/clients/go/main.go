// Go with go-oidc. A site behind https sets Secure on its cookie, and keeps its sessions where more than one process finds them.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// What the site keeps of one browser.
type session struct {
	state, nonce, verifier string
	token                  *oauth2.Token
	person                 map[string]any
}

var sessions sync.Map

func random() string {
	bytes := make([]byte, 32)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func current(r *http.Request) *session {
	if cookie, err := r.Cookie("session"); err == nil {
		if known, ok := sessions.Load(cookie.Value); ok {
			return known.(*session)
		}
	}
	return &session{}
}

// A session of its own for each step: an older one's cookie is worth nothing afterwards.
func keep(w http.ResponseWriter, r *http.Request, next *session) {
	if cookie, err := r.Cookie("session"); err == nil {
		sessions.Delete(cookie.Value)
	}
	name := random()
	sessions.Store(name, next)
	http.SetCookie(w, &http.Cookie{Name: "session", Value: name, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func main() {
	ctx := context.Background()
	site := os.Getenv("SITE")
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		log.Fatal(err)
	}
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		log.Fatal(err)
	}
	weixin := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  site + "/callback",
		Scopes:       []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess},
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: weixin.ClientID})

	http.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		begun := &session{state: random(), nonce: random(), verifier: random()}
		keep(w, r, begun)
		// With golang.org/x/oauth2 0.13 or later: oauth2.GenerateVerifier and oauth2.S256ChallengeOption.
		hash := sha256.Sum256([]byte(begun.verifier))
		http.Redirect(w, r, weixin.AuthCodeURL(begun.state, oidc.Nonce(begun.nonce),
			oauth2.SetAuthURLParam("code_challenge", base64.RawURLEncoding.EncodeToString(hash[:])),
			oauth2.SetAuthURLParam("code_challenge_method", "S256")), http.StatusFound)
	})

	http.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		begun, query := current(r), r.URL.Query()
		if begun.state == "" || query.Get("state") != begun.state {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		token, err := weixin.Exchange(ctx, query.Get("code"), oauth2.SetAuthURLParam("code_verifier", begun.verifier))
		if err != nil {
			http.Error(w, "no login", http.StatusBadGateway)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		// Signature, issuer, audience and time; the nonce is the site's to compare.
		idToken, err := verifier.Verify(ctx, raw)
		if err != nil || idToken.Nonce != begun.nonce {
			http.Error(w, "no login", http.StatusBadGateway)
			return
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil || info.Subject != idToken.Subject {
			http.Error(w, "no login", http.StatusBadGateway)
			return
		}
		var claims struct{ Sid, Nickname, Picture string }
		if idToken.Claims(&claims) != nil || info.Claims(&claims) != nil {
			http.Error(w, "no login", http.StatusBadGateway)
			return
		}
		keep(w, r, &session{token: token, person: map[string]any{
			"sub": idToken.Subject, "sid": claims.Sid, "nickname": claims.Nickname, "picture": claims.Picture,
		}})
		http.Redirect(w, r, "/", http.StatusFound)
	})

	http.HandleFunc("/refresh", func(w http.ResponseWriter, r *http.Request) {
		known := current(r)
		if known.token == nil {
			answer(w, http.StatusUnauthorized, map[string]any{})
			return
		}
		// A token without an access token is one that has expired: oauth2 gets a new one, and with it the next refresh token.
		token, err := weixin.TokenSource(ctx, &oauth2.Token{RefreshToken: known.token.RefreshToken}).Token()
		if err != nil {
			http.Error(w, "no login", http.StatusBadGateway)
			return
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			http.Error(w, "no login", http.StatusBadGateway)
			return
		}
		keep(w, r, &session{token: token, person: known.person})
		answer(w, http.StatusOK, map[string]any{"sub": info.Subject})
	})

	http.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		query := url.Values{"post_logout_redirect_uri": {site + "/"}}
		if token := current(r).token; token != nil {
			if raw, ok := token.Extra("id_token").(string); ok {
				query.Set("id_token_hint", raw)
			}
		}
		keep(w, r, &session{})
		http.Redirect(w, r, metadata.EndSession+"?"+query.Encode(), http.StatusSeeOther)
	})

	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if person := current(r).person; person != nil {
			answer(w, http.StatusOK, person)
			return
		}
		answer(w, http.StatusUnauthorized, map[string]any{})
	})

	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listens")
	log.Fatal(http.Serve(listener, nil))
}
