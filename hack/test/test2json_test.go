// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

const events = `{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestGood"}
{"Action":"run","Package":"m/a","Test":"TestGood/part"}
{"Action":"pass","Package":"m/a","Test":"TestGood/part","Elapsed":1}
{"Action":"pass","Package":"m/a","Test":"TestGood","Elapsed":1.5}
{"Action":"run","Package":"m/a","Test":"TestBad"}
{"Action":"output","Package":"m/a","Test":"TestBad","Output":"    a_test.go:7: got 1, want 2\n"}
{"Action":"fail","Package":"m/a","Test":"TestBad","Elapsed":0}
{"Action":"run","Package":"m/a","Test":"TestSkipped"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"=== RUN   TestSkipped\n"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"    a_test.go:12: needs the real lab\n"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestSkipped","Elapsed":0}
{"Action":"run","Package":"m/a","Test":"TestEndless"}
{"Action":"output","Package":"m/a","Test":"TestEndless","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"m/a","Elapsed":3}
{"Action":"start","Package":"m/b"}
{"Action":"output","Package":"m/b","Output":"FAIL m/b [build failed]\n"}
{"Action":"fail","Package":"m/b","Elapsed":0}
{"Action":"skip","Package":"m/none","Elapsed":0}
`

func TestEventsBecomeResults(t *testing.T) {
	var out bytes.Buffer
	p := eventParser{out: &out}
	got := map[string]result{}
	for _, r := range p.parse(strings.NewReader(events)) {
		got[r.where+" "+r.name] = r
	}
	want := map[string]verdict{
		"a TestGood": passed, "a TestBad": failed, "a TestSkipped": skipped, "a TestEndless": failed,
		"b (the package itself)": failed,
	}
	for name, v := range want {
		if got[name].verdict != v {
			t.Errorf("%s: got verdict %q, want %q", name, got[name].verdict, v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d results, want %d: %v", len(got), len(want), got)
	}
	if why := got["a TestSkipped"].why; why != "needs the real lab" {
		t.Errorf("got reason %q, want %q", why, "needs the real lab")
	}
	if took := got["a TestGood"].took; took != 1500*time.Millisecond {
		t.Errorf("TestGood: got %s, want 1.5s", took)
	}
	for _, part := range []string{"got 1, want 2", "test timed out", "build failed"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the output of a failed test lacks %q:\n%s", part, out.String())
		}
	}
}
