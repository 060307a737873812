// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"sync"
	"testing"
)

func TestPrefixWriterWritesCompleteLines(t *testing.T) {
	var out bytes.Buffer
	p := &prefixWriter{to: &out, prefix: "1| ", shared: &sync.Mutex{}}
	for _, text := range []string{"a", "b\nc\nd", "\n"} {
		if n, err := p.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, want := out.String(), "1| ab\n1| c\n1| d\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
