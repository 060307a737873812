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

// TestInterrupted presses Ctrl-C, in the install and between two waves.
func TestInterrupted(t *testing.T) {
	l := hollow(t, "interrupted with Ctrl-C, it says that the same command goes on, and that does")
	g := newGate(t, l.config)
	places := []struct {
		name string
		at   func(write) bool
	}{{"in the install", installs(9)}, {"between two waves", labels("shop-data")}}
	for _, place := range places {
		pause := g.pauseAt(t, place.at)
		p := start(t, g.kubeconfig, upgrading(t)...)
		pause.await(t, p)
		p.signal(os.Interrupt)
		pause.proceed()
		e := p.end(t, longest)
		e.exits(t, exitInterrupted)
		e.says(t, "interrupted; nothing is lost: the same command continues")
		alone(t, g.kubeconfig)
		t.Logf("interrupted %s: %s", place.name, short(e.took))
	}
	if err := l.standing(t, all(newRevision)); err == nil {
		t.Error("it was interrupted and everything has moved")
	}
	g.open()
	e := start(t, g.kubeconfig, upgrading(t, "-o", "json")...).end(t, longest)
	e.exits(t, exitDone)
	e.streams(t, "acted", "passed", "finished")
	l.stands(t, all(newRevision))
	l.phase(t, "Completed")
}

// streams demands that all of the standard output is JSON objects, and that
// events of these kinds are among them.
func (e ended) streams(t *testing.T, kinds ...string) {
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
