// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

func TestStoriesAreDealtOut(t *testing.T) {
	parts, last := divided([]string{"TestA", "TestUnderLoad", "TestB", "TestSwapUnderLoad", "TestC", "TestUnderLoadOrNot"})
	if got := fmt.Sprint(parts, last); got != "[[TestA TestC] [TestB TestUnderLoadOrNot]] [TestUnderLoad TestSwapUnderLoad]" {
		t.Error(got)
	}
}

func TestALaneWritesWholeLines(t *testing.T) {
	var out bytes.Buffer
	l := &lane{to: &out, as: "1| ", shared: &sync.Mutex{}}
	for _, p := range []string{"a", "b\nc\nd", "\n"} {
		if n, err := l.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	if out.String() != "1| ab\n1| c\n1| d\n" {
		t.Errorf("%q", out.String())
	}
}
