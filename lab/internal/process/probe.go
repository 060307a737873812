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
	defaultProbeTimeout = 30 * time.Second
	probeInterval       = 100 * time.Millisecond
)

var errExited = errors.New("exited")

// waitReady probes until the probe succeeds, the service exits, or the timeout is over.
func waitReady(ctx context.Context, p component.Probe, exited <-chan struct{}) error {
	if p.URL == "" {
		return nil
	}
	timeout := p.Timeout
	if timeout == 0 {
		timeout = defaultProbeTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		err := probe(ctx, p.URL)
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			return errExited
		case <-ctx.Done():
			return fmt.Errorf("no answer from %s (%w): %w", p.URL, err, ctx.Err())
		case <-time.After(probeInterval):
		}
	}
}

func probe(ctx context.Context, at string) error {
	u, err := url.Parse(at)
	if err != nil {
		return fmt.Errorf("parse probe %q: %w", at, err)
	}
	switch u.Scheme {
	case "file":
		_, err := os.Stat(u.Path)
		return err
	case "unix":
		return probeDial(ctx, "unix", u.Path)
	case "tcp":
		return probeDial(ctx, "tcp", u.Host)
	case "http", "https":
		return probeHTTP(ctx, at)
	}
	return fmt.Errorf("parse probe %q: unknown scheme", at)
}

func probeDial(ctx context.Context, network, address string) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return c.Close()
}

// probeClient does not verify certificates: the servers have just generated their own.
var probeClient = &http.Client{
	Timeout: 2 * time.Second,
	Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the servers have just generated their own certificates
	},
}

func probeHTTP(ctx context.Context, at string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	res, err := probeClient.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode >= 400 {
		return fmt.Errorf("got status %s", res.Status)
	}
	return nil
}
