// SPDX-License-Identifier: Apache-2.0

package hop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Caller sends HTTP requests in the name of one service. Each request has a connection of its own
// and is sent once. Go's client repeats a GET if a reused connection turns out to be closed, which
// would hide a lost request.
type Caller struct {
	From string
	http *http.Client
}

// NewCaller returns a caller in the name of from. A request that exceeds the timeout has failed.
// Timeouts grow from the last service to the first, so that the hop nearest to the failure reports
// it.
func NewCaller(from string, timeout time.Duration) Caller {
	return Caller{From: from, http: &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Do sends one request and returns the response with its body. An error means that there was no
// answer.
func (c Caller) Do(ctx context.Context, to, url, host string, header http.Header) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("create a request of %s: %w", to, err)
	}
	req.Host = host
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, NewFailure(c.From, to, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, nil, NewFailure(c.From, to, fmt.Errorf("read the answer: %w", err))
	}
	return resp, body, nil
}

// Get requests a service's answer. Any status but 200 is a failure: of the hop that the response
// names, or else of this one. host sets the Host header if it differs from the URL.
func (c Caller) Get(ctx context.Context, to, url, host string, header http.Header) (Answer, error) {
	resp, body, err := c.Do(ctx, to, url, host, header)
	if err != nil {
		return Answer{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return Answer{}, c.failureFrom(to, resp, body)
	}
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return Answer{}, NewWrongAnswer(c.From, to, "answered 200 with an unknown body: %.80q", body)
	}
	return a, nil
}

// failureFrom returns the failure that a response other than 200 describes.
func (c Caller) failureFrom(to string, resp *http.Response, body []byte) *Failure {
	what := strings.TrimSpace(string(body))
	if from, later, ok := parse(resp.Header.Get(failedHeader)); ok {
		return &Failure{From: from, To: later, What: what, Wrong: resp.Header.Get(wrongHeader) != ""}
	}
	return &Failure{From: c.From, To: to, What: fmt.Sprintf("%s: %.200s", resp.Status, what)}
}
