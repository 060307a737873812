// SPDX-License-Identifier: Apache-2.0

package load

import (
	"testing"
	"time"
)

// A lagging client uses the addresses of a while ago.
func TestLaggingEndpoints(t *testing.T) {
	e := &LaggingEndpoints{Port: "8080", Lag: 10 * time.Second}
	if _, err := e.pick(); err == nil {
		t.Error("without addresses: got one")
	}
	start := time.Now()
	for n, address := range []string{"a", "b", "b", "c"} {
		e.add([]string{address}, start.Add(time.Duration(5*n)*time.Second))
	}
	if got, _ := e.pick(); got != "b:8080" {
		t.Errorf("after 15 s: got %q, want what was known after 5 s", got)
	}
}
