// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// pause is a write whose answer is delayed: it is done, and rerig does not know yet.
type pause struct {
	reached chan struct{}
	goes    chan struct{}
	once    sync.Once
}

// pauseAt opens the gate, and delays the answer to the first write that when matches.
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

// waitReached waits until a running process has made the write.
func (p *pause) waitReached(t *testing.T, by *process) {
	t.Helper()
	select {
	case <-p.reached:
	case <-by.ended:
		t.Fatalf("it ended before it came so far; output:\n%s", by.text())
	case <-time.After(runTimeout):
		t.Fatalf("it did not come so far in %s; output:\n%s", runTimeout, by.text())
	}
}

// proceed lets the answer through. Further calls do nothing.
func (p *pause) proceed() { p.once.Do(func() { close(p.goes) }) }

// labelOf matches the write that labels a namespace.
func labelOf(ns string) func(write) bool {
	return func(w write) bool { return w.method == "PATCH" && w.path == "/api/v1/namespaces/"+ns && w.code == 200 }
}

// istioctlWrite matches the nth write of istioctl.
func istioctlWrite(nth int) func(write) bool { return nthWriteBy("istioctl", nth) }

// nthWriteBy matches the nth write of a program.
func nthWriteBy(who string, nth int) func(write) bool {
	return func(w write) bool {
		if strings.HasPrefix(w.who, who) {
			nth--
		}
		return nth == 0
	}
}
