// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// advised is an installation that failed and knows what to do.
type advised struct{ error }

func (advised) Advice() string { return "helm uninstall istiod-1-31-0" }

func (a advised) Unwrap() error { return a.error }

// Each way to install has advice of its own, and the hold gives it.
func TestHoldHasTheInstallersHint(t *testing.T) {
	t.Parallel()
	f := upgrade()
	f.install = fmt.Errorf("install: %w", advised{ErrRefused})
	if _, err := f.run(); err != nil {
		t.Fatal(err)
	}
	if f.ledger.Held == nil || f.ledger.Held.Hint != "helm uninstall istiod-1-31-0" {
		t.Errorf("held %+v", f.ledger.Held)
	}
	if hint := installHint(errors.New("no idea")); !strings.Contains(hint, "the same command again") || strings.Contains(hint, "istioctl") {
		t.Errorf("without advice: %q", hint)
	}
}
