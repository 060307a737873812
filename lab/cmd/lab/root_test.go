// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/rerig/rerig/lab/internal/parts"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/istio"
)

func TestLabSize(t *testing.T) {
	isRoot := os.Geteuid() == 0 && runtime.GOOS == "linux"
	largest := state.Hollow
	if isRoot {
		largest = state.Real
	}
	for _, c := range []struct {
		name, flag string
		want       state.Size
		wantNote   bool
		wantErr    bool
	}{
		{name: "default", want: largest, wantNote: !isRoot},
		{name: "hollow", flag: "hollow", want: state.Hollow},
		{name: "real", flag: "real", want: state.Real, wantErr: !isRoot},
		{name: "unknown", flag: "medium", wantErr: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			size, note, err := (&flags{size: c.flag}).labSize()
			if (err != nil) != c.wantErr {
				t.Fatalf("got error %v, want an error: %t", err, c.wantErr)
			}
			if err == nil && (size != c.want || (note != "") != c.wantNote) {
				t.Errorf("got %s, note %q, want %s, a note: %t", size, note, c.want, c.wantNote)
			}
		})
	}
}

func TestRequiredPartsExist(t *testing.T) {
	for _, size := range []state.Size{state.Real, state.Hollow} {
		for _, n := range requiredParts(size, true, true) {
			if !slices.Contains(parts.Names(), n) {
				t.Errorf("%s lab: got unknown part %s", size, n)
			}
		}
		if slices.Contains(requiredParts(size, false, false), "shop") {
			t.Errorf("%s lab without the shop: got the shop among its parts", size)
		}
	}
}

func TestEveryVersionHasAnOperatorFile(t *testing.T) {
	for _, v := range parts.IstioVersions {
		if b, err := istio.OperatorFile(v); err != nil || len(b) == 0 {
			t.Errorf("%s: got %d bytes, %v, want a file", v, len(b), err)
		}
	}
}
