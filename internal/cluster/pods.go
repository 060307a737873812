// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// pods are the pods that are spoken to through port-forwards. A forward is kept
// open between two looks and is opened again when it broke.
type pods struct {
	config *rest.Config
	mu     sync.Mutex
	open   map[endpoint]*door
}

// endpoint is a port of one pod. The UID tells a pod from the one that had its
// name before (a StatefulSet's).
type endpoint struct {
	namespace, name, uid string
	port                 int
}

// door is the way to one endpoint: one forward, over which HTTP connections are
// streams.
type door struct {
	forward *forward
	client  *http.Client
}

func newPods(config *rest.Config) *pods {
	return &pods{config: config, open: map[endpoint]*door{}}
}

// longest is how many times its patience a whole answer may take.
const longest = 12

// get asks a pod and hands its answer to read. patience bounds the time until the
// answer begins, forward and question included, and then until each next part of
// it: the answer of an istiod that serves thousands is long. limit bounds its
// bytes.
func (p *pods) get(ctx context.Context, at endpoint, path string, patience time.Duration, limit int64, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longest*patience, fmt.Errorf("no whole answer within %s", longest*patience))
	defer cancel()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	waiting := time.AfterFunc(patience, func() { giveUp(fmt.Errorf("no answer within %s", patience)) })
	defer waiting.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://localhost:%d%s", at.port, path), nil)
	if err != nil {
		return err
	}
	answer, err := p.door(at).client.Do(request)
	if err != nil {
		return why(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
		return fmt.Errorf("GET %s answered %s %s", path, answer.Status, text)
	}
	if err := read(&bounded{&patient{answer.Body, waiting, patience}, limit}); err != nil {
		return why(ctx, err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1024)) // leaves the stream fit for the next question
	return nil
}

func (p *pods) door(at endpoint) *door {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.open[at]
	if !ok {
		f := &forward{config: p.config, at: at}
		d = &door{forward: f, client: &http.Client{Transport: &http.Transport{
			DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return f.dial(ctx) },
			IdleConnTimeout: time.Minute, // istiod's own is 90 s
		}}}
		p.open[at] = d
	}
	return d
}

// shut closes the door to one endpoint.
func (p *pods) shut(at endpoint) {
	p.keep(func(other endpoint) bool { return other != at })
}

// keep closes every door that is not wanted any more.
func (p *pods) keep(wanted func(endpoint) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, d := range p.open {
		if !wanted(at) {
			d.client.CloseIdleConnections()
			go d.forward.close() // it may be waiting for a server that does not answer
			delete(p.open, at)
		}
	}
}

func (p *pods) close() { p.keep(func(endpoint) bool { return false }) }

// patient is a reader that waits anew for each part.
type patient struct {
	from    io.Reader
	waiting *time.Timer
	each    time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	p.waiting.Reset(p.each)
	return p.from.Read(b)
}

// bounded is a reader that fails, instead of ending, when more comes than it may.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is too long")
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	return n, err
}
