// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

const (
	probeWithin = 30 * time.Second
	probeEvery  = 100 * time.Millisecond
)

var errEnded = errors.New("it ended")

// await asks the probe until it answers, the service ends, or time is up.
func await(ctx context.Context, p component.Probe, ended <-chan struct{}) error {
	if p.URL == "" {
		return nil
	}
	within := p.Within
	if within == 0 {
		within = probeWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := ask(ctx, p.URL)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("%s has not answered (%w): %w", p.URL, err, ctx.Err())
		case <-time.After(probeEvery):
		}
	}
}

func ask(ctx context.Context, at string) error {
	u, err := url.Parse(at)
	if err != nil {
		return fmt.Errorf("read probe %q: %w", at, err)
	}
	switch u.Scheme {
	case "file":
		_, err := os.Stat(u.Path)
		return err
	case "unix":
		return dial(ctx, "unix", u.Path)
	case "tcp":
		return dial(ctx, "tcp", u.Host)
	case "http", "https":
		return get(ctx, at)
	}
	return fmt.Errorf("read probe %q: no such scheme", at)
}

func dial(ctx context.Context, network, address string) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return c.Close()
}

// probes are asked of servers that have just made their own certificate.
var client = &http.Client{
	Timeout: 2 * time.Second,
	Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
	},
}

func get(ctx context.Context, at string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode >= 400 {
		return fmt.Errorf("it says %s", res.Status)
	}
	return nil
}
