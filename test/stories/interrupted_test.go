// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// TestInterrupted presses Ctrl-C during the install and between two waves.
func TestInterrupted(t *testing.T) {
	l := sharedLab(t, "interrupted with Ctrl-C: rerig says that the same command continues, and it does")
	g := newGate(t, l.config)
	places := []struct {
		name string
		at   func(write) bool
	}{{"in the install", istioctlWrite(9)}, {"between two waves", labelOf("shop-data")}}
	for _, place := range places {
		pause := g.pauseAt(t, place.at)
		p := start(t, g.kubeconfig, installArgs(t)...)
		pause.waitReached(t, p)
		p.signal(os.Interrupt)
		pause.proceed()
		e := p.end(t, runTimeout)
		e.requireExit(t, exitInterrupted)
		e.requireOutput(t, "interrupted; nothing is lost: the same command continues")
		requireNoProcess(t, g.kubeconfig)
		t.Logf("interrupted %s: %s", place.name, short(e.took))
	}
	if err := l.checkPlacement(t, everywhere(newRevision)); err == nil {
		t.Error("it was interrupted and everything has moved")
	}
	g.open()
	e := start(t, g.kubeconfig, installArgs(t, "-o", "json")...).end(t, runTimeout)
	e.requireExit(t, exitDone)
	e.requireEvents(t, "acted", "passed", "finished")
	l.requirePlacement(t, everywhere(newRevision))
	l.requirePhase(t, "Completed")
}

// requireEvents requires that standard output consists of JSON objects, with events of
// these kinds among them.
func (e result) requireEvents(t *testing.T, kinds ...string) {
	t.Helper()
	seen := map[string]int{}
	for d := json.NewDecoder(strings.NewReader(e.stdout)); ; {
		var event struct{ Kind, Run string }
		switch err := d.Decode(&event); {
		case errors.Is(err, io.EOF):
			for _, k := range kinds {
				if seen[k] == 0 {
					t.Errorf("no event %q among %v", k, seen)
				}
			}
			return
		case err != nil:
			t.Fatalf("read its events: %v\n%s", err, e.stdout)
		}
		seen[event.Kind]++
	}
}
