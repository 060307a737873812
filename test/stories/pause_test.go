// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// pause is a write at which the world stands still: it is made, and its answer
// on its way.
type pause struct {
	reached chan struct{}
	goes    chan struct{}
	once    sync.Once
}

// pauseAt lets everything through the gate, and pauses at the first write of
// which when is true.
func (g *gate) pauseAt(t *testing.T, when func(write) bool) *pause {
	p := &pause{reached: make(chan struct{}), goes: make(chan struct{})}
	first := true
	g.shutAfter(func(w write) bool {
		if first && when(w) {
			first = false
			close(p.reached)
			<-p.goes
		}
		return false
	}, nil)
	t.Cleanup(p.proceed)
	return p
}

// await waits until the write was made by a process that runs.
func (p *pause) await(t *testing.T, by *process) {
	t.Helper()
	select {
	case <-p.reached:
	case <-by.ended:
		t.Fatalf("it ended before it came so far; it said:\n%s", by.text())
	case <-time.After(longest):
		t.Fatalf("it did not come so far in %s; it said:\n%s", longest, by.text())
	}
}

// proceed lets the world go on; more than once is once.
func (p *pause) proceed() { p.once.Do(func() { close(p.goes) }) }

// labels tells the write that binds a namespace.
func labels(ns string) func(write) bool {
	return func(w write) bool { return w.method == "PATCH" && w.path == "/api/v1/namespaces/"+ns && w.code == 200 }
}

// installs tells the so-manieth write of istioctl.
func installs(nth int) func(write) bool { return writesBy("istioctl", nth) }

// writesBy tells the so-manieth write of a program.
func writesBy(who string, nth int) func(write) bool {
	return func(w write) bool {
		if strings.HasPrefix(w.who, who) {
			nth--
		}
		return nth == 0
	}
}
