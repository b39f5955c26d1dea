package site

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

type emulator struct {
	OpenURL    string `json:"open_url"`
	APIURL     string `json:"api_url"`
	ControlURL string `json:"control_url"`
	AppID      string `json:"appid"`
	Secret     string `json:"secret"`
	CAPEM      string `json:"ca_pem"`       // with --tls
	TLSAddress string `json:"open_address"` // with --tls
}

// start runs the program, which prints one line of JSON when it is ready, until the test ends.
func start(t *testing.T, arguments ...string) (weixin emulator) {
	name := os.Getenv("WEIXIN_EMULATOR_BINARY")
	if name == "" {
		name = "weixin-emulator"
	}
	program := exec.Command(name, arguments...)
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Process.Kill(); program.Wait() })
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &weixin); err != nil {
		t.Fatal(err)
	}
	return weixin
}

// control makes a call of the control API.
func (weixin emulator) control(t *testing.T, path string, body any) (answer map[string]any) {
	text, _ := json.Marshal(body)
	response, err := http.Post(weixin.ControlURL+"/control/"+path, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		word, _ := io.ReadAll(response.Body)
		t.Fatalf("%s: %s", path, word)
	}
	if response.StatusCode == http.StatusOK {
		json.NewDecoder(response.Body).Decode(&answer)
	}
	return answer
}

func logIn(t *testing.T, weixin emulator) (int, string) {
	site := httptest.NewServer(Weixin{weixin.OpenURL, weixin.APIURL, weixin.AppID, weixin.Secret}.Handler())
	defer site.Close()
	// Callbacks are allowed on localhost, as at WeChat by name.
	address := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	started, err := client.Get(address + "/login")
	if err != nil {
		t.Fatal(err)
	}
	code := weixin.control(t, "code", map[string]string{"authorize_url": started.Header.Get("Location")})
	callback, err := client.Get(code["redirect_url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer callback.Body.Close()
	page, _ := io.ReadAll(callback.Body)
	return callback.StatusCode, strings.TrimSpace(string(page))
}

func TestAPersonLogsIn(t *testing.T) {
	if status, page := logIn(t, start(t)); status != 200 || page != "陈锴" {
		t.Fatal(status, page)
	}
}

func TestACodeThatWeixinRefusesIsTold(t *testing.T) {
	weixin := start(t)
	weixin.control(t, "fault", map[string]any{"call": "access_token", "fault": map[string]any{"kind": "errcode", "errcode": 40029}, "times": 1})
	if status, page := logIn(t, weixin); status != 502 || page != "WeChat says 40029" {
		t.Fatal(status, page)
	}
}

// For a library that has WeChat's names built in: under TLS the program has them, and the transport leads there.
func TestWeixinsOwnNames(t *testing.T) {
	weixin := start(t, "--tls")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(weixin.CAPEM))
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	http.DefaultTransport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasSuffix(address, ".weixin.qq.com:443") {
				address = weixin.TLSAddress
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	weixin.OpenURL, weixin.APIURL = "https://open.weixin.qq.com", "https://api.weixin.qq.com"
	if status, page := logIn(t, weixin); status != 200 || page != "陈锴" {
		t.Fatal(status, page)
	}
}
