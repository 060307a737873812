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

func TestChosenSize(t *testing.T) {
	can := os.Geteuid() == 0 && runtime.GOOS == "linux"
	size, why, err := (&flags{}).chosen()
	if err != nil || (size == state.Real) != can || (why == "") != can {
		t.Errorf("by default: %s, %q, %v", size, why, err)
	}
	if size, _, err := (&flags{size: "hollow"}).chosen(); size != state.Hollow || err != nil {
		t.Errorf("hollow: %s, %v", size, err)
	}
	if _, _, err := (&flags{size: "real"}).chosen(); (err == nil) != can {
		t.Errorf("real: %v", err)
	}
	if _, _, err := (&flags{size: "medium"}).chosen(); err == nil {
		t.Error("medium: no error")
	}
}

// Every part that a lab wants is one that there is.
func TestWantedPartsExist(t *testing.T) {
	for _, size := range []state.Size{state.Real, state.Hollow} {
		for _, n := range wanted(size, true, true) {
			if !slices.Contains(parts.Names(), n) {
				t.Errorf("%s wants %s", size, n)
			}
		}
		if slices.Contains(wanted(size, false, false), "shop") {
			t.Errorf("%s without the shop wants the shop", size)
		}
	}
}

func TestEveryVersionHasItsOperator(t *testing.T) {
	for _, v := range parts.IstioVersions {
		if b, err := istio.Operator(v); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", v, err)
		}
	}
}
