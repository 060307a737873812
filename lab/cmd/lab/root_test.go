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
	size, note, err := (&flags{}).labSize()
	if err != nil || (size == state.Real) != isRoot || (note == "") != isRoot {
		t.Errorf("by default: %s, %q, %v", size, note, err)
	}
	if size, _, err := (&flags{size: "hollow"}).labSize(); size != state.Hollow || err != nil {
		t.Errorf("hollow: %s, %v", size, err)
	}
	if _, _, err := (&flags{size: "real"}).labSize(); (err == nil) != isRoot {
		t.Errorf("real: %v", err)
	}
	if _, _, err := (&flags{size: "medium"}).labSize(); err == nil {
		t.Error("medium: no error")
	}
}

func TestRequiredPartsExist(t *testing.T) {
	for _, size := range []state.Size{state.Real, state.Hollow} {
		for _, n := range requiredParts(size, true, true) {
			if !slices.Contains(parts.Names(), n) {
				t.Errorf("%s wants %s", size, n)
			}
		}
		if slices.Contains(requiredParts(size, false, false), "shop") {
			t.Errorf("%s without the shop wants the shop", size)
		}
	}
}

func TestEveryVersionHasAnOperatorFile(t *testing.T) {
	for _, v := range parts.IstioVersions {
		if b, err := istio.OperatorFile(v); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", v, err)
		}
	}
}
