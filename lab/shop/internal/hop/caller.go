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

// Caller asks over HTTP in the name of one service. Every request has a connection of its own and is made once:
// Go's client repeats a GET silently when a reused connection turns out to be closed, and a lost request must be seen.
type Caller struct {
	From string
	http *http.Client
}

// NewCaller asks in the name of from; a request that takes longer than the timeout has failed. The services'
// timeouts grow from the back to the front, so that the step nearest to the failure is the one that reports it.
func NewCaller(from string, timeout time.Duration) Caller {
	return Caller{From: from, http: &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Do makes one request of a service and hands back its status and body. An error is that there was no answer.
func (c Caller) Do(ctx context.Context, to, url, host string, header http.Header) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("make a request of %s: %w", to, err)
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

// Get asks a service for its answer. Anything but 200 is a failure: of the step that the answer names, or else
// of this one. The host is the request's Host header where it differs from the address that is dialled.
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
		return Answer{}, NewWrongAnswer(c.From, to, "answered 200 with something else than an answer: %.80q", body)
	}
	return a, nil
}

// failureFrom is the failure that an answer other than 200 tells of.
func (c Caller) failureFrom(to string, resp *http.Response, body []byte) *Failure {
	what := strings.TrimSpace(string(body))
	if from, deeper, ok := parse(resp.Header.Get(failedHeader)); ok {
		return &Failure{From: from, To: deeper, What: what, Wrong: resp.Header.Get(wrongHeader) != ""}
	}
	return &Failure{From: c.From, To: to, What: fmt.Sprintf("%s: %.200s", resp.Status, what)}
}
