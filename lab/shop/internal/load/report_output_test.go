// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rerig/rerig/lab/shop/internal/load"
)

func send(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestHandler(t *testing.T) {
	notYet := errors.New("tcp: ingress -> ledger: EOF")
	pages := server(t, load.Handler(filledTally(&fakeClock{noon}), func() error { return notYet }))
	if status, text := send(t, "GET", pages.URL+"/report?format=text"); status != 200 || !strings.Contains(text, "4 requests") {
		t.Errorf("text report: got %d, %s", status, text)
	}
	if got := sendForReport(t, pages, "GET", "/report"); got.Sent != 4 || got.Failures[0].Place != "rates" {
		t.Errorf("report: got %+v", got)
	}
	if status, _ := send(t, "GET", pages.URL+"/reset"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /reset: got %d, want 405", status)
	}
	if got := sendForReport(t, pages, "POST", "/reset"); got.Sent != 4 {
		t.Errorf("POST /reset: got %+v, want the previous counts", got)
	}
	if got := sendForReport(t, pages, "GET", "/report"); got.Sent != 0 {
		t.Errorf("after the reset: got %+v, want 0 sent", got)
	}
	if status, text := send(t, "GET", pages.URL+"/ready"); status != 503 || !strings.Contains(text, notYet.Error()) {
		t.Errorf("/ready: got %d, %s, want 503 and the reason", status, text)
	}
}

func sendForReport(t *testing.T, pages *httptest.Server, method, path string) (r load.Report) {
	t.Helper()
	status, text := send(t, method, pages.URL+path)
	if err := json.Unmarshal([]byte(text), &r); status != 200 || err != nil {
		t.Fatalf("%s %s: got status %d, %v, want 200", method, path, status, err)
	}
	return r
}
